/**
 * Finds the problems that would fail a bake after an hour, before anything is built: targets that cannot be written to, versions of the lock
 * that are gone. Collects all of them, so that one attempt names everything there is to fix.
 */
import type * as z from 'zod';
import type { BakeRef, PreflightAnswerSchema } from '../../domain/bakes/payloads.ts';
import { canonical } from '../../domain/base/canonical.ts';
import { PreflightFailed } from '../../domain/base/errors.ts';
import { keys, parameterName } from '../../domain/base/naming.ts';
import { evidenceKeys } from '../../domain/packages/inventory.ts';
import type { ArtifactRecord, BakeRecord } from '../../domain/records/bakes.ts';
import type { LockEntry } from '../../domain/records/locks.ts';
import type { RevisionRecord } from '../../domain/records/pipelines.ts';
import { SelectorRecordSchema } from '../../domain/records/selectors.ts';
import { comparesAs, findSelectorKind } from '../../domain/selectors/selectors.ts';
import { findAmiId, isChange } from '../../domain/selectors/versions.ts';
import type { BaseImages } from '../../ports/base-images.ts';
import type { Documents } from '../../ports/documents.ts';
import type { Locations } from '../../ports/locations.ts';
import type { ReconcileQueue } from '../../ports/reconcile-queue.ts';
import type { SelectorResolver } from '../../ports/selector-resolver.ts';
import { readBakeAndRevision } from '../store/bakes.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import { findBaseProblems } from './base-image.ts';
import type { ImageMakerDeps } from './find-maker.ts';
import { type ReuseImagesDeps, readRetainedImages, reuseImages, switchToBuild } from './reuse-images.ts';
import { beginStep, endStep } from './steps.ts';

export interface CheckPreflightDeps extends ReuseImagesDeps, Pick<ImageMakerDeps, 'home'> {
  readonly locations: Locations;
  readonly resolver: SelectorResolver;
  readonly baseImages: BaseImages;
  readonly documents: Documents;
  readonly reconcileQueue: ReconcileQueue;
}

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
  const { bake, images, gone } = await resolveReusedImages(deps, read.bake, revision);

  const targets = await checkTargets(deps, revision);
  const findings = [
    ...(await checkLock(deps, bake)),
    ...(await checkLockedBase(deps, bake, revision)),
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
  await reuseImages(deps, ref, bake, images);
  const notes = [
    ...(gone === undefined ? [] : [`the retained image cannot be used (${gone}), so it is built again`]),
    ...(newer.length === 0 ? [] : [`newer by now: ${newer.join(', ')}`]),
    ...(targets.bestEffort.length === 0
      ? []
      : [`to be mended for targets that are not required: ${describeProblems(targets.bestEffort)}`]),
  ];
  await endStep(deps, ref, 'Preflight', {
    state: 'succeeded',
    summary: [`Lock and ${listPreflightTargets(revision).length} targets are in order`, ...notes].join('; '),
    links: { evidence },
  });
  return { bake: ref.bake, attempt: ref.attempt, startsAt: bake.startsAt };
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

/** Problems of the base as locked: a parameter may lead to an image that is not approved yet, or that cannot be built on. */
async function checkLockedBase(
  deps: CheckPreflightDeps,
  { lock: { base }, startsAt }: BakeRecord,
  { definition }: RevisionRecord,
): Promise<PreflightProblem[]> {
  if (startsAt !== 'Build') return [];
  const problems = await findBaseProblems(deps, definition, {
    base: base.selector,
    imageId: findAmiId(base),
  });
  return problems.map(({ field, message, fix = '' }) => ({
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
  return imageId === undefined ? undefined : describeUnusable(imageId, await deps.baseImages.state(imageId));
}

function describeUnusable(imageId: string, state: string | undefined): string | undefined {
  if (state === undefined) return `${imageId} is gone, or is not shared with us any more`;
  return state === 'available' ? undefined : `${imageId} is ${state}`;
}

async function findNewerVersions(deps: CheckPreflightDeps, { lock }: BakeRecord): Promise<string[]> {
  const all = [lock.base, ...lock.components, ...lock.inputs, ...lock.tests];
  // A release's id does not tell whether its inventory changed; reconciling compares it.
  const entries = all.filter((entry) => !isInventory(entry.version));
  const items = await deps.table.getMany(entries.map((entry) => keys.selector(entry.key)));
  return entries
    .filter((entry, index) => {
      const item = items[index];
      const now = item === undefined ? undefined : SelectorRecordSchema.parse(item).version;
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
  readonly request: { key?: string; parameter: string; launchTemplate?: string };
}

function listPreflightTargets(revision: RevisionRecord): PreflightTarget[] {
  const { definition } = revision;
  const { targets, parameter } = definition.distribution;
  const name = parameterName(parameter, definition.name, definition.channel);
  return targets.flatMap((target, index) =>
    target.regions.map((region) => ({
      account: target.account,
      region,
      field: `distribution.targets[${index}]`,
      required: target.required,
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
): Promise<{ required: PreflightProblem[]; bestEffort: PreflightProblem[] }> {
  const targets = listPreflightTargets(revision);
  const problems = await mapConcurrent(TARGETS_AT_ONCE, targets, (target) => checkTarget(deps, target));
  const select = (required: boolean) =>
    problems.filter((_, index) => targets[index]?.required === required).flat();
  return { required: select(true), bestEffort: select(false) };
}

async function checkTarget(deps: CheckPreflightDeps, place: PreflightTarget): Promise<PreflightProblem[]> {
  const where = `${place.account} in ${place.region}`;
  try {
    const target = await deps.locations.open(place.account, place.region);
    const found = await target.preflight(place.request);
    return found.map(({ field, problem, fix }) => ({
      field: `${place.field}.${field}`,
      problem: `${where}: ${problem}`,
      fix,
    }));
  } catch (error) {
    // The role cannot be assumed: the message names the statement that is missing.
    if (!(error instanceof PreflightFailed)) throw error;
    const fix =
      'Deploy the template for targets in that account with the role name and external id of this installation.';
    return [{ field: `${place.field}.account`, problem: `${where}: ${error.message}`, fix }];
  }
}

function describeProblems(findings: readonly PreflightProblem[]): string {
  const lines = findings.map(({ field, problem, fix }) => `${field}: ${problem}. ${fix}`);
  return lines.length === 1 ? (lines[0] ?? '') : `${lines.length} problems. ${lines.join(' | ')}`;
}
