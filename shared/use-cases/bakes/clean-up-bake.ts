/**
 * Removes everything that an attempt made and that was not released, newest first. May run at any time and any number of times: it finds the
 * resources by the attempt's rows and by their tags, and leaves other attempts of the bake alone.
 */
import type * as z from 'zod';
import { findArtifactId } from '../../domain/artifacts/artifacts.ts';
import { failedAfterApproval, isKept, KEPT_SECONDS } from '../../domain/bakes/kept-images.ts';
import type { BakeRef, CleanUpResultSchema } from '../../domain/bakes/payloads.ts';
import { due, executionName, keys, type Machine, TAGS } from '../../domain/base/naming.ts';
import { mayBecomeKnown } from '../../domain/engines/engines.ts';
import { isTerminal } from '../../domain/records/attempt-states.ts';
import { type ArtifactRecord, type AttemptRecord, listBuilds } from '../../domain/records/bakes.ts';
import type { Engines } from '../../ports/build-engine.ts';
import type { ControlLocations } from '../../ports/locations.ts';
import type { Ports } from '../../ports/ports.ts';
import type { TestInstances } from '../../ports/test-instances.ts';
import type { Workflows } from '../../ports/workflows.ts';
import { readAttempt, readBakeAndRevision, readImages } from '../store/bakes.ts';
import type { StepDeps } from './steps.ts';

export interface CleanUpDeps extends StepDeps, Pick<Ports, 'home'> {
  readonly workflows: Pick<Workflows, 'stop' | 'executionArn'>;
  readonly engines: Engines<'cancel' | 'status' | 'leftovers' | 'forget'>;
  readonly instances: Pick<TestInstances, 'findByBake' | 'terminate'>;
  readonly locations: ControlLocations<'findByBake' | 'remove'>;
  /** Restores pointers and removes the copies of the attempt in all targets (remove-copies.ts). Returns what it removed. */
  readonly removeCopies: (
    ref: BakeRef,
    options: { readonly keepsVerified: boolean },
  ) => Promise<readonly string[]>;
  /** Withdraws the approval requests of the attempt (void-approvals.ts). */
  readonly voidApprovals: (ref: BakeRef) => Promise<unknown>;
}

const NESTED: readonly Machine[] = ['build', 'test', 'approve', 'distribute'];
export const CLEAN_UP_AGAIN_SECONDS = 60;
/** A function that was under way when the attempt ended may make something for as long as a function may run (lambda/dg/gettingstarted-limits: 15 minutes). */
const LAST_CLEAN_UP_SECONDS = 900;

export async function cleanUpBake(
  deps: CleanUpDeps,
  ref: BakeRef,
): Promise<z.infer<typeof CleanUpResultSchema>> {
  const attempt = await keepForRetry(deps, await readAttempt(deps, ref));
  if (attempt.state === 'released') return { done: true, removed: [] };
  const keeps = isKept(attempt, deps.clock.now());

  // 1. Nothing new: machines below this one stop, links to approve do nothing any more.
  await stopNested(deps, ref);
  await deps.voidApprovals(ref);
  // 2. What there is: what costs most at once, then in the reverse order of its making.
  const removed = await removeInstances(deps, ref);
  removed.push(...(await deps.removeCopies(ref, { keepsVerified: keeps })));
  const builds = keeps ? { ended: true, removed: [] } : await removeBuilds(deps, ref);
  removed.push(...builds.removed, ...(keeps ? [] : await removeImages(deps, ref)));
  // 3. When to look again.
  await scheduleNextCleanUp(deps, attempt, builds.ended && removed.length === 0);
  return { done: builds.ended, removed };
}

/** An image that was approved is kept for a while, so that a retry goes on with it. */
async function keepForRetry(deps: CleanUpDeps, attempt: AttemptRecord): Promise<AttemptRecord> {
  if (!failedAfterApproval(attempt) || attempt.keptUntil !== undefined) return attempt;
  const keptUntil = new Date(deps.clock.now().getTime() + KEPT_SECONDS * 1000).toISOString();
  await deps.table.write([
    { update: keys.attempt(attempt.bake, attempt.attempt), set: { keptUntil }, when: { exists: true } },
  ]);
  return { ...attempt, keptUntil };
}

async function stopNested(deps: CleanUpDeps, ref: BakeRef): Promise<void> {
  const { revision } = await readBakeAndRevision(deps, ref.bake);
  const regions = new Set(revision.definition.distribution.targets.flatMap((target) => target.regions));
  const names = [
    ...NESTED.map((machine) => ({ machine, name: executionName({ ...ref, machine }) })),
    ...[...regions].map((part) => ({
      machine: 'distribute-region' as const,
      name: executionName({ ...ref, machine: 'distribute-region', part }),
    })),
  ];
  for (const { machine, name } of names) {
    await deps.workflows.stop(deps.workflows.executionArn(machine, name), 'The bake has ended.');
  }
}

async function removeInstances(deps: CleanUpDeps, ref: BakeRef): Promise<string[]> {
  const instances = await deps.instances.findByBake(ref.bake, ref.attempt);
  if (instances.length > 0) await deps.instances.terminate(instances);
  return [...instances];
}

async function removeBuilds(deps: CleanUpDeps, ref: BakeRef): Promise<{ ended: boolean; removed: string[] }> {
  const recorded = await readImages(deps, ref.bake);
  // A retained image belongs to its release.
  const images = recorded.filter(
    (image) => image.attempt === ref.attempt && !image.removed && image.reusedFrom === undefined,
  );
  const removed: string[] = [];
  let ended = true;
  for (const image of images) {
    const engine = deps.engines[image.engine]();
    const { ended: stopped } = await engine.cancel(image.build);
    const isOnItsWay =
      mayBecomeKnown(image, deps.clock.now()) && (await engine.status(image.build)).state === 'unknown';
    if (!stopped || isOnItsWay) {
      ended = false;
      continue;
    }
    removed.push(...(await removeBuild(deps, image)));
  }
  return { ended, removed };
}

async function removeBuild(deps: CleanUpDeps, image: ArtifactRecord): Promise<string[]> {
  const engine = deps.engines[image.engine]();
  const builds = listBuilds(image);
  const artifacts = image.artifact === undefined ? [] : [image.artifact];
  for (const build of builds) {
    const status = await engine.status(build);
    const made = status.state === 'running' || status.state === 'unknown' ? undefined : status.artifact;
    artifacts.push(...(made === undefined ? [] : [made]), ...(await engine.leftovers(build)));
  }
  const byId = new Map(artifacts.map((artifact) => [findArtifactId(artifact), artifact]));
  for (const artifact of byId.values())
    await deps.locations.openControl(artifact.region).artifacts[artifact.kind].remove(artifact);
  for (const build of builds) await engine.forget(build);
  await deps.table.write([
    {
      update: keys.artifact(image.bake, image.variant),
      set: { removed: true },
      when: { equals: { attempt: image.attempt } },
    },
  ]);
  return [...byId.keys(), image.build];
}

/** Removes artifacts that carry the attempt's tags but that no row names: a function ended between making and recording. */
async function removeImages(deps: CleanUpDeps, ref: BakeRef): Promise<string[]> {
  const removed: string[] = [];
  // A retry that goes on with the image has taken over its row.
  const taken = (await readImages(deps, ref.bake))
    .filter(({ attempt }) => attempt !== ref.attempt)
    .flatMap(({ artifact }) => (artifact === undefined ? [] : [findArtifactId(artifact)]));
  for (const store of Object.values(deps.locations.openControl(deps.home.region).artifacts)) {
    const found = await store.findByBake(ref.bake);
    for (const { artifact, tags } of found) {
      if (tags[TAGS.attempt] !== String(ref.attempt) || taken.includes(findArtifactId(artifact))) continue;
      await store.remove(artifact);
      removed.push(findArtifactId(artifact));
    }
  }
  return removed;
}

async function scheduleNextCleanUp(
  deps: CleanUpDeps,
  attempt: AttemptRecord,
  nothingFound: boolean,
): Promise<void> {
  // While the attempt is open its machine is at work; recording its outcome says when to look again.
  if (!isTerminal(attempt.state)) return;
  const key = keys.attempt(attempt.bake, attempt.attempt);
  const now = deps.clock.now().getTime();
  const last = Date.parse(attempt.endedAt ?? attempt.startedAt) + LAST_CLEAN_UP_SECONDS * 1000;
  const keptUntil = isKept(attempt, deps.clock.now()) ? Date.parse(attempt.keptUntil ?? '') : undefined;
  if (nothingFound && now >= last && keptUntil === undefined) {
    await deps.table.write([{ update: key, set: { cleanedUp: true }, remove: ['duePk', 'dueSk'] }]);
    return;
  }
  const end = now >= last ? (keptUntil ?? last) : last;
  const next = nothingFound ? end : now + CLEAN_UP_AGAIN_SECONDS * 1000;
  const dueSk = new Date(next).toISOString();
  await deps.table.write([{ update: key, set: { duePk: due.attempt, dueSk } }]);
}
