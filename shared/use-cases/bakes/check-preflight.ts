/**
 * Finds the problems that would fail a bake after an hour, before anything is built: targets that cannot be written to, versions of the lock
 * that are gone. Collects all of them, so that one attempt names everything there is to fix.
 */

import type * as z from 'zod';
import type { BakeRef, PreflightAnswerSchema } from '../../domain/bakes/payloads.ts';
import { canonical } from '../../domain/base/canonical.ts';
import { PreflightFailed } from '../../domain/base/errors.ts';
import { keys, parameterName } from '../../domain/base/naming.ts';
import type { Home } from '../../domain/base/regions.ts';
import { count } from '../../domain/base/text.ts';
import { evidenceKeys } from '../../domain/packages/inventory.ts';
import type { ArtifactRecord, BakeRecord } from '../../domain/records/bakes.ts';
import type { LockEntry } from '../../domain/records/locks.ts';
import type { RevisionRecord } from '../../domain/records/pipelines.ts';
import { SelectorRecordSchema } from '../../domain/records/selectors.ts';
import { comparesAs, findSelectorKind } from '../../domain/selectors/selectors.ts';
import { findAmiId, isChange } from '../../domain/selectors/versions.ts';
import type { Ports } from '../../ports/ports.ts';
import { readAttempt, readBakeAndRevision } from '../store/bakes.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import { readMany } from '../store/read.ts';
import { findBaseProblems, findTypeProblems } from './base-image.ts';
import { findBuildKeyProblems, findSharedCopyProblems } from './check-build-key.ts';
import { checkPlacement } from './check-placement.ts';
import { findParameterProblems } from './component-parameters.ts';
import {
  continueAttempt,
  type ReuseImagesDeps,
  readRetainedImages,
  reuseImages,
  switchToBuild,
} from './reuse-images.ts';
import { beginStep, endStep } from './steps.ts';

export type CheckPreflightDeps = Pick<
  Ports,
  | 'home'
  | 'locations'
  | 'resolver'
  | 'baseImages'
  | 'buildKeys'
  | 'components'
  | 'instanceTypes'
  | 'placements'
  | 'documents'
  | 'reconcileQueue'
> &
  ReuseImagesDeps;

interface PreflightProblem {
  readonly field: string;
  readonly problem: string;
  readonly fix: string;
}

/** As many targets are looked at at a time; STS and the services behind are asked a handful of times for each. */
const TARGETS_AT_ONCE = 8;

export async function checkPreflight(
  deps: CheckPreflightDeps,
  ref: BakeRef,
): Promise<z.infer<typeof PreflightAnswerSchema>> {
  await beginStep(deps, ref, 'Preflight');
  const read = await readBakeAndRevision(deps, ref.bake);
  const { revision } = read;
  const { bake, images, gone, continues } = await resolveImages(deps, ref, read.bake, revision);

  const targets = await checkTargets(deps, revision);
  const findings = [
    ...(await checkLock(deps, bake)),
    ...(await checkLockedBase(deps, bake, revision)),
    ...(bake.startsAt === 'Build' ? await findBuildKeyProblems(deps, revision.definition) : []),
    ...targets.required,
  ];
  const newer = await findNewerVersions(deps, bake);
  // Reconciling decides whether a newer lock supersedes this bake; a change that it has not seen yet is brought to it.
  if (newer.length > 0) await deps.reconcileQueue.send([{ pipeline: bake.pipeline, delaySeconds: 0 }]);

  const evidence = evidenceKeys.preflight(ref.bake, ref.attempt);
  await deps.documents.put(
    evidence,
    canonical({ findings, bestEffort: targets.bestEffort, newer }),
    'application/json',
  );
  if (findings.length > 0) {
    const summary = describeProblems(findings);
    await endStep(deps, ref, 'Preflight', { state: 'failed', summary, links: { evidence } });
    throw new PreflightFailed(summary, { findings });
  }
  if (continues === undefined) await reuseImages(deps, ref, bake, images);
  else await continueAttempt(deps, ref, continues, images);
  const notes = [
    ...(gone === undefined ? [] : [`the retained image cannot be used (${gone}), so it is built again`]),
    ...(newer.length === 0 ? [] : [`newer by now: ${newer.join(', ')}`]),
    ...(targets.bestEffort.length === 0
      ? []
      : [
          `it will not arrive in ${count(targets.warnings.length, 'target')} that ${targets.warnings.length === 1 ? 'is' : 'are'} not required`,
        ]),
  ];
  await endStep(deps, ref, 'Preflight', {
    state: 'succeeded',
    summary: [
      `Lock and ${listPreflightTargets(revision, deps.home).length} targets are in order`,
      ...notes,
    ].join('; '),
    links: { evidence },
    ...(targets.warnings.length === 0 ? {} : { warnings: limitWarnings(targets.warnings) }),
  });
  return { bake: ref.bake, attempt: ref.attempt, startsAt: bake.startsAt };
}

/** What the bake begins with: the images of the attempt that it continues, else retained ones, else none. */
async function resolveImages(
  deps: CheckPreflightDeps,
  ref: BakeRef,
  bake: BakeRecord,
  revision: RevisionRecord,
): Promise<Awaited<ReturnType<typeof resolveReusedImages>> & { continues?: number }> {
  const { continues } = await readAttempt(deps, ref);
  if (continues === undefined) return resolveReusedImages(deps, bake, revision);
  const variants = revision.definition.variants.map(({ name }) => name);
  const kept = await readRetainedImages(deps, bake.id, variants);
  if ('images' in kept) return { bake: { ...bake, startsAt: 'Distribute' }, images: kept.images, continues };
  // Copies of an image that is gone are not gone on with either.
  await deps.table.write([{ update: keys.attempt(ref.bake, ref.attempt), remove: ['continues'] }]);
  return { ...(await resolveReusedImages(deps, bake, revision)), gone: `${kept.gone}, attempt ${continues}` };
}

/** The retained images that the bake begins with. Where one is gone none is used, and the bake builds. */
async function resolveReusedImages(
  deps: CheckPreflightDeps,
  bake: BakeRecord,
  revision: RevisionRecord,
): Promise<{ bake: BakeRecord; images: readonly ArtifactRecord[]; gone?: string }> {
  if (bake.startsAt === 'Build' || bake.reusesBake === undefined) return { bake, images: [] };
  const variants = revision.definition.variants.map(({ name }) => name);
  const retained = await readRetainedImages(deps, bake.reusesBake, variants);
  if ('images' in retained) return { bake, images: retained.images };
  await switchToBuild(deps, bake);
  const { reusesBake, ...rest } = bake;
  return { bake: { ...rest, startsAt: 'Build' }, images: [], gone: `${retained.gone}, bake ${reusesBake}` };
}

/**
 * The versions of the lock that this bake still needs and that are gone: an AMI may have been deregistered, a component version deleted. A
 * retained image needs neither base nor components any more.
 */
async function checkLock(
  deps: CheckPreflightDeps,
  { lock, startsAt }: BakeRecord,
): Promise<PreflightProblem[]> {
  const named = (entries: readonly LockEntry[], field: string) =>
    entries.map((entry, index) => ({ entry, field: `${field}[${index}]` }));
  const needed = [
    ...(startsAt === 'Build'
      ? [{ entry: lock.base, field: 'base' }, ...named(lock.components, 'components')]
      : []),
    ...(startsAt === 'Build' || startsAt === 'Test' ? named(lock.tests, 'tests.components') : []),
  ];
  const findings = await Promise.all(needed.map(({ entry, field }) => checkEntry(deps, entry, field)));
  return findings.filter((finding) => finding !== undefined);
}

/**
 * Problems of base and components as locked, of the instance types and of the places of instances: a parameter may lead to an image that is not approved yet or that cannot be
 * built on as the definition says, a newer component may have other parameters. A retained image has no base any more; it is tested.
 */
async function checkLockedBase(
  deps: CheckPreflightDeps,
  { lock, startsAt }: BakeRecord,
  { definition }: RevisionRecord,
): Promise<PreflightProblem[]> {
  if (startsAt !== 'Build' && startsAt !== 'Test') return [];
  const problems =
    startsAt === 'Build'
      ? await findBaseProblems(deps, definition, lock.base)
      : (await findTypeProblems(deps, definition, undefined)).filter(({ field }) =>
          field.startsWith('tests.'),
        );
  const parameters = await findParameterProblems(deps, definition, {
    components: startsAt === 'Build' ? lock.components.map(({ version }) => version) : [],
    tests: lock.tests.map(({ version }) => version),
  });
  const placement = await checkPlacement(
    deps,
    definition,
    startsAt === 'Build' ? ['build', 'tests'] : ['tests'],
  );
  return [...problems, ...parameters, ...placement].map(({ field, message, fix = '' }) => ({
    field,
    problem: message.replace(/\.$/, ''),
    fix,
  }));
}

async function checkEntry(
  deps: CheckPreflightDeps,
  entry: LockEntry,
  field: string,
): Promise<PreflightProblem | undefined> {
  const missing = await describeMissing(deps, entry);
  if (missing === undefined) return undefined;
  const problem = `version ${entry.version} of ${entry.key} cannot be found: ${missing}`;
  return { field, problem, fix: 'Publish it again, or change the selector so that it names what exists.' };
}

async function describeMissing(deps: CheckPreflightDeps, entry: LockEntry): Promise<string | undefined> {
  const { selector, version } = entry;
  const { parent, pinTo } = findSelectorKind(selector);
  if (parent !== undefined) {
    const { pipeline, channel } = parent(selector);
    // Early cutoff: the lock holds an inventory, the images of its release stand beside it.
    if (isInventory(version)) return undefined;
    const release = await deps.table.get(keys.release(pipeline, channel, version));
    return release === undefined ? `${pipeline} has no such release` : undefined;
  }
  const found = await deps.resolver.resolve(pinTo?.(selector, version) ?? selector);
  if (!found.found) return found.reason;
  // A parameter goes on naming an image that is no longer there.
  const imageId = findAmiId(entry);
  if (imageId === undefined) return undefined;
  return describeUnusable(imageId, (await deps.baseImages.describe(imageId))?.state);
}

function describeUnusable(imageId: string, state: string | undefined): string | undefined {
  if (state === undefined) return `${imageId} is gone, or is not shared with us any more`;
  return state === 'available' ? undefined : `${imageId} is ${state}`;
}

async function findNewerVersions(deps: CheckPreflightDeps, { lock }: BakeRecord): Promise<string[]> {
  const all = [lock.base, ...lock.components, ...lock.inputs, ...lock.tests];
  // A release's id does not tell whether its inventory changed; reconciling compares it.
  const entries = all.filter((entry) => !isInventory(entry.version));
  const selectors = entries.map((entry) => keys.selector(entry.key));
  const rows = await readMany(deps.table, selectors, SelectorRecordSchema);
  return entries
    .filter((entry, index) => {
      const now = rows[index]?.version;
      return now !== undefined && isChange(comparesAs(entry.selector), entry.version, now);
    })
    .map((entry) => entry.key);
}

function isInventory(version: string): boolean {
  return version.startsWith('inventory:');
}

interface PreflightTarget {
  readonly account: string;
  readonly region: string;
  readonly field: string;
  readonly required: boolean;
  /** What is shared in another region comes from a copy there, with a key of its own. */
  readonly needsSharedCopy: boolean;
  readonly request: { key?: string; parameter: string; launchTemplate?: string };
}

function listPreflightTargets({ definition }: RevisionRecord, home: Home): PreflightTarget[] {
  const { targets, parameter } = definition.distribution;
  const name = parameterName(parameter, definition.name, definition.channel);
  return targets.flatMap((target, index) =>
    target.regions.map((region) => ({
      account: target.account,
      region,
      field: `distribution.targets[${index}]`,
      required: target.required,
      needsSharedCopy: target.mode === 'share' && region !== home.region,
      request: {
        // What is shared stays in the control account, with a key of that.
        ...(target.mode === 'share' ? {} : { key: target.key }),
        parameter: name,
        ...(target.launchTemplate === undefined ? {} : { launchTemplate: target.launchTemplate }),
      },
    })),
  );
}

/** Problems of required targets stop the bake; those of the others may be fixed until the image is distributed. */
async function checkTargets(
  deps: CheckPreflightDeps,
  revision: RevisionRecord,
): Promise<{ required: PreflightProblem[]; bestEffort: PreflightProblem[]; warnings: string[] }> {
  const targets = listPreflightTargets(revision, deps.home);
  const found = await mapConcurrent(TARGETS_AT_ONCE, targets, async (target) => ({
    target,
    problems: await checkTarget(deps, target),
  }));
  const select = (required: boolean) =>
    found
      .filter(({ target }) => target.required === required)
      .flatMap(({ target: { account, region }, problems }) =>
        problems.map(({ problem, ...rest }) => ({ ...rest, problem: `${account} in ${region}: ${problem}` })),
      );
  const warned = found.filter(({ target, problems }) => !target.required && problems.length > 0);
  return { required: select(true), bestEffort: select(false), warnings: warned.map(describeMissedTarget) };
}

/** For who approves: the image is released without this target. */
function describeMissedTarget({
  target: { account, region },
  problems,
}: {
  readonly target: PreflightTarget;
  readonly problems: readonly PreflightProblem[];
}): string {
  const reasons = problems.map(({ problem, fix }) => `${problem.replace(/\.$/, '')}. ${fix}`);
  return `will not arrive in ${account} ${region}: ${reasons.join(' ')}`;
}

/** A step's row and a mail hold so many; the preflight's document has all. */
const WARNINGS_KEPT = 50;

function limitWarnings(warnings: readonly string[]): string[] {
  const more = warnings.length - WARNINGS_KEPT;
  return [
    ...warnings.slice(0, WARNINGS_KEPT),
    ...(more > 0 ? [`will not arrive in ${count(more, 'further target')}`] : []),
  ];
}

async function checkTarget(deps: CheckPreflightDeps, asked: PreflightTarget): Promise<PreflightProblem[]> {
  try {
    const target = await deps.locations.open(asked.account, asked.region);
    const found = await target.preflight(asked.request);
    return [
      ...found.map(({ field, problem, fix }) => ({
        field: `${asked.field}.${field}`,
        problem,
        fix,
      })),
      ...(asked.needsSharedCopy ? await findSharedCopyProblems(deps, asked) : []),
    ];
  } catch (error) {
    // The role cannot be assumed: the message names the statement that is missing.
    if (!(error instanceof PreflightFailed)) throw error;
    const fix =
      'Deploy the template for targets in that account with the role name and external id of this installation.';
    return [{ field: `${asked.field}.account`, problem: error.message, fix }];
  }
}

function describeProblems(findings: readonly PreflightProblem[]): string {
  const lines = findings.map(({ field, problem, fix }) => `${field}: ${problem}. ${fix}`);
  return lines.length === 1 ? (lines[0] ?? '') : `${lines.length} problems. ${lines.join(' | ')}`;
}
