/** Images of pipelines that a definition would name by their id, or by a lookup of their owner and name; see apply-reach.ts. */

import type { Problem } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { couldMatchOwnNames } from '../../domain/definitions/reach.ts';
import type { Reach } from '../../domain/selectors/kind.ts';
import { lookupTopic } from '../../domain/selectors/lookup.ts';
import { findReach } from '../../domain/selectors/selectors.ts';
import type { Table, Write } from '../../ports/table.ts';
import { suggestPipeline } from '../bakes/base-image.ts';
import { findMaker } from '../bakes/find-maker.ts';
import type { ApplyDeps } from './apply-deps.ts';
import {
  listNamedSelectors,
  mergeReachChecks,
  type ReachCheck,
  readTopicDependents,
  refuse,
} from './named-selectors.ts';
import type { ParsedDefinition } from './parse-definition.ts';
import type { AppliedPipeline } from './read-applied-pipeline.ts';

export async function checkNamedImages(deps: ApplyDeps, reading: ParsedDefinition): Promise<ReachCheck> {
  const found = await Promise.all(
    listNamedSelectors(reading).map(async ({ field, selector }) => {
      const { image, images } = findReach(selector);
      if (image !== undefined) return await checkPinnedImage(deps, field, image);
      return images === undefined ? {} : await checkLookup(deps, reading, field, images);
    }),
  );
  return mergeReachChecks(found);
}

/** A pinned AMI must not be one that a bake has made, nor a copy of one. */
async function checkPinnedImage(
  deps: ApplyDeps,
  field: string,
  { id, region }: NonNullable<Reach['image']>,
): Promise<ReachCheck> {
  const image = await deps.locations.openControl(region).artifacts.ami.describe(id);
  if (image === undefined)
    return refuse(
      field,
      `There is no image ${id} in ${region} that this account may use.`,
      'Correct the id, or have the image shared with this account.',
    );
  const maker = await findMaker(deps, image);
  if (maker === undefined) return {};
  const message = `${id} is an image of the pipeline ${maker} or a copy of one.`;
  return { problems: [suggestPipeline(field, message, maker)] };
}

/** Owners of public images. */
const PUBLIC_OWNERS = new Set(['amazon', 'aws-marketplace']);

async function checkLookup(
  deps: ApplyDeps,
  reading: ParsedDefinition,
  field: string,
  { owner, name }: NonNullable<Reach['images']>,
): Promise<ReachCheck> {
  if (PUBLIC_OWNERS.has(owner) || !couldMatchOwnNames(name)) return {};
  const isOurs = owner === deps.home.account || listTargetAccounts(reading).includes(owner);
  if (isOurs || (await deps.table.get(keys.targetAccount(owner))) !== undefined)
    return { problems: [await describeLookupRefusal(deps.table, field, owner, name)] };
  return { checks: [{ check: keys.targetAccount(owner), when: { exists: false } }] };
}

async function describeLookupRefusal(
  table: Table,
  field: string,
  owner: string,
  filter: string,
): Promise<Problem> {
  const message = `"${filter}" of ${owner} could find images that Ovenbird makes, whose names begin with ovenbird-, before they are released.`;
  // The pipeline that a filter such as ovenbird-web-* names.
  const [, meant = ''] = /^ovenbird-([a-z0-9-]+?)(?:-?[*?].*)?$/.exec(filter) ?? [];
  if (meant !== '' && (await table.get(keys.pipeline(meant))) !== undefined)
    return suggestPipeline(field, message, meant);
  return {
    field,
    message,
    fix: `Narrow the name, for example to corp-${filter.replace(/^\*/, '')}; for an image of Ovenbird's, name its pipeline.`,
  };
}

function listTargetAccounts({ definition }: Pick<ParsedDefinition, 'definition'>): string[] {
  return [...new Set(definition.distribution.targets.map(({ account }) => account))];
}

/**
 * Refuses a new target account in which another pipeline looks up images that this one could bring there. The account is registered before
 * lookups are read: a definition that begins one later sees the row, and one that began earlier is read here.
 */
export async function checkTargetLookups(
  deps: ApplyDeps,
  reading: ParsedDefinition,
  before: AppliedPipeline | undefined,
): Promise<ReachCheck> {
  const old = before === undefined ? [] : listTargetAccounts(before.revision);
  const fresh = listTargetAccounts(reading).filter(
    (account) => account !== deps.home.account && !old.includes(account),
  );
  await registerTargetAccounts(deps.table, fresh, reading.definition.name);
  return mergeReachChecks(await Promise.all(fresh.map((account) => checkNewTarget(deps, reading, account))));
}

async function registerTargetAccounts(
  table: Table,
  accounts: readonly string[],
  pipeline: string,
): Promise<void> {
  const known = await table.getMany(accounts.map(keys.targetAccount));
  const rows = accounts
    .filter((_, index) => known[index] === undefined)
    .map((account): Write => ({ put: { ...keys.targetAccount(account), account, pipeline } }));
  if (rows.length > 0) await table.write(rows);
}

async function checkNewTarget(
  deps: ApplyDeps,
  reading: ParsedDefinition,
  account: string,
): Promise<ReachCheck> {
  const { name, distribution } = reading.definition;
  const topic = lookupTopic({ owner: account, region: deps.home.region });
  const [first] = await readTopicDependents(deps.table, topic, name, (selector) =>
    couldMatchOwnNames(findReach(selector).images?.name ?? ''),
  );
  if (first === undefined) return {};
  const filter = findReach(first.selector).images?.name ?? '';
  const index = distribution.targets.findIndex((target) => target.account === account);
  return refuse(
    `distribution.targets[${index}].account`,
    `${first.pipeline} looks up "${filter}" of ${account}, which could find what this pipeline brings there.`,
    `Narrow the name in ${first.pipeline}, or let it name this pipeline (pipeline: ${name}).`,
  );
}
