/** Images of ours that a definition would name without saying so: by their id, or by a lookup of their owner and name; see apply-reach.ts. */

import { couldFindOurs } from '../../domain/definitions/reach.ts';
import type { Problem } from '../../domain/errors.ts';
import { keys } from '../../domain/naming.ts';
import { selectorTopic } from '../../domain/versions/selectors.ts';
import type { Table, Write } from '../../ports.ts';
import type { ApplyDeps } from './apply-deps.ts';
import { type Finding, instead, merged, type Named, named, usersOfTopic } from './apply-named.ts';
import { makerOf } from './image-maker.ts';
import type { Before } from './read-before.ts';
import type { Reading } from './read-definition.ts';

export async function imagesNamed(deps: ApplyDeps, reading: Reading): Promise<Finding> {
  const found = await Promise.all([
    ...named(reading, 'ami').map((entry) => pinned(deps, entry)),
    ...named(reading, 'lookup').map((entry) => lookup(deps, reading, entry)),
  ]);
  return merged(found);
}

/** A pinned AMI must not be one that a bake has made, nor a copy of one. */
async function pinned(deps: ApplyDeps, { field, selector }: Named<'ami'>): Promise<Finding> {
  const { id, region } = selector;
  const image = await deps.images.describe(region, id);
  if (image === undefined)
    return {
      problems: [
        {
          field,
          message: `There is no image ${id} in ${region} that this account may use.`,
          fix: 'Correct the id, or have the image shared with this account.',
        },
      ],
    };
  const maker = await makerOf(deps, image);
  return maker === undefined
    ? {}
    : { problems: [instead(field, `${id} is an image of the pipeline ${maker} or a copy of one.`, maker)] };
}

/** Owners that are no account of ours. */
const NOBODY_OF_OURS = new Set(['amazon', 'aws-marketplace']);

async function lookup(
  deps: ApplyDeps,
  reading: Reading,
  { field, selector }: Named<'lookup'>,
): Promise<Finding> {
  const { owner, name } = selector;
  if (NOBODY_OF_OURS.has(owner) || !couldFindOurs(name)) return {};
  const isOurs = owner === deps.home.account || targetAccounts(reading).includes(owner);
  if (isOurs || (await isTarget(deps.table, owner)))
    return { problems: [await refusal(deps.table, field, owner, name)] };
  return { checks: [{ check: keys.targetAccount(owner), when: { exists: false } }] };
}

async function isTarget(table: Table, account: string): Promise<boolean> {
  return (await table.get(keys.targetAccount(account))) !== undefined;
}

async function refusal(table: Table, field: string, owner: string, filter: string): Promise<Problem> {
  const message = `"${filter}" of ${owner} could find images that Ovenbird makes, whose names begin with ovenbird-, before they are released.`;
  // The most that a filter such as ovenbird-web-* can mean.
  const [, meant = ''] = /^ovenbird-([a-z0-9-]+?)(?:-?[*?].*)?$/.exec(filter) ?? [];
  if (meant !== '' && (await table.get(keys.pipeline(meant))) !== undefined)
    return instead(field, message, meant);
  return {
    field,
    message,
    fix: `Narrow the name, for example to corp-${filter.replace(/^\*/, '')}; for an image of Ovenbird's, name its pipeline.`,
  };
}

function targetAccounts({ definition }: Pick<Reading, 'definition'>): string[] {
  return [...new Set(definition.distribution.targets.map(({ account }) => account))];
}

/**
 * Images in an account that this pipeline newly distributes to must not be what somebody looks up there. The account is registered before that is
 * looked at: whoever begins to look it up from now on sees the row, and whoever began before is seen here.
 */
export async function lookupsOfTargets(
  deps: ApplyDeps,
  reading: Reading,
  before: Before | undefined,
): Promise<Finding> {
  const old = before === undefined ? [] : targetAccounts(before.revision);
  const fresh = targetAccounts(reading).filter(
    (account) => account !== deps.home.account && !old.includes(account),
  );
  await register(deps.table, fresh, reading.definition.name);
  return merged(await Promise.all(fresh.map((account) => newTarget(deps, reading, account))));
}

async function register(table: Table, accounts: readonly string[], pipeline: string): Promise<void> {
  const known = await table.getMany(accounts.map(keys.targetAccount));
  const rows = accounts
    .filter((_, index) => known[index] === undefined)
    .map((account): Write => ({ put: { ...keys.targetAccount(account), account, pipeline } }));
  if (rows.length > 0) await table.write(rows);
}

async function newTarget(deps: ApplyDeps, reading: Reading, account: string): Promise<Finding> {
  const { name, distribution } = reading.definition;
  const any = {
    kind: 'lookup',
    owner: account,
    region: deps.home.region,
    name: '',
    architecture: 'x86_64',
  } as const;
  const [first] = await usersOfTopic(
    deps.table,
    selectorTopic(any),
    name,
    (selector) => selector.kind === 'lookup' && couldFindOurs(selector.name),
  );
  if (first === undefined) return {};
  const filter = first.selector.kind === 'lookup' ? first.selector.name : '';
  const index = distribution.targets.findIndex((target) => target.account === account);
  return {
    problems: [
      {
        field: `distribution.targets[${index}].account`,
        message: `${first.pipeline} looks up "${filter}" of ${account}, which could find what this pipeline brings there.`,
        fix: `Narrow the name in ${first.pipeline}, or let it name this pipeline (pipeline: ${name}).`,
      },
    ],
  };
}
