/**
 * The end of a successful bake. One transaction moves the channel and records the change for the pipelines built on it; the fan-out of that
 * change (fan-out-change.ts) then writes their status rows and enqueues them. The sweep finishes a fan-out whose process has died.
 */

import type { BakeRef } from '../../domain/bakes/payloads.ts';
import { AttemptEnded, DistributionFailed, ReleaseOutdated, TryLater } from '../../domain/base/errors.ts';
import { due, keys } from '../../domain/base/naming.ts';
import { listTargets } from '../../domain/reconcile/pipeline-spec.ts';
import { listPriorStates } from '../../domain/records/attempt-states.ts';
import type { BakeRecord } from '../../domain/records/bakes.ts';
import type { DistributionRecord } from '../../domain/records/distributions.ts';
import type { RevisionRecord } from '../../domain/records/pipelines.ts';
import { FingerprintRecordSchema, PipelineStatusSchema } from '../../domain/records/status.ts';
import { mergeSorted } from '../../domain/releases/release.ts';
import type { Ports } from '../../ports/ports.ts';
import { type Write, WriteConflict } from '../../ports/table.ts';
import { beginStep } from '../bakes/steps.ts';
import { readPlan, readRows, rowKey, savePlan, writeInParts } from '../distribution/ledger.ts';
import { readAttempt, readBakeAndRevision } from '../store/bakes.ts';
import { readRecord } from '../store/read.ts';
import { AGAIN, retryOnConflict } from '../store/retry-on-conflict.ts';
import { enqueueAfterRelease } from './enqueue-after-release.ts';
import { type MakeCurrentDeps, prepareCurrentRelease } from './make-current.ts';

export type ReleaseImageDeps = MakeCurrentDeps & Pick<Ports, 'reconcileQueue'>;

export async function releaseImage(deps: ReleaseImageDeps, ref: BakeRef): Promise<{ released: true }> {
  const { bake, revision } = await readBakeAndRevision(deps, ref.bake);
  const attempt = await readAttempt(deps, ref);
  let change: string | undefined;
  if (attempt.state !== 'released') {
    await beginStep(deps, ref, 'Release');
    change = await recordRelease(deps, ref, bake, revision);
  }
  // The rest may be repeated: after a crash the next call does it again.
  await markTargetsReleased(deps, ref);
  await enqueueAfterRelease(deps, bake, change);
  return { released: true };
}

/** The change that the release is for its dependents; undefined where there is none, or another run has recorded the release. */
async function recordRelease(
  deps: ReleaseImageDeps,
  ref: BakeRef,
  bake: BakeRecord,
  revision: RevisionRecord,
): Promise<string | undefined> {
  const toFailure = () => new TryLater(`Bake ${ref.bake} kept changing while it was released.`, ref);
  return retryOnConflict<string | undefined>(toFailure, async () => {
    const plan = await readPlan(deps, ref);
    // Another run of this function was faster.
    if (plan.state === 'released') return undefined;
    if (plan.state !== 'moved')
      throw new DistributionFailed(
        `The pointers of bake ${ref.bake} have not been moved (they are ${plan.state}).`,
      );
    const rows = (await readRows(deps, ref.bake)).filter((row) => row.attempt === ref.attempt);
    const current = await prepareCurrentRelease(deps, plan, bake, revision, rows);
    const own = [
      ...(await prepareReleasedFingerprint(deps, bake, revision)),
      ...(await prepareReleasedStatus(deps, bake)),
      ...current.writes,
      ...prepareReleasedAttempt(deps, ref, current.release),
    ];
    try {
      await savePlan(deps, plan, { state: 'released' }, own);
      return current.change;
    } catch (error) {
      if (!(error instanceof WriteConflict)) throw error;
      await throwIfFinal(deps, ref, plan, error);
      return AGAIN;
    }
  });
}

/** Throws where the lost condition stays lost; returns where the rows are worth reading again. */
async function throwIfFinal(
  deps: ReleaseImageDeps,
  ref: BakeRef,
  plan: DistributionRecord,
  conflict: WriteConflict,
): Promise<void> {
  const attempt = await readAttempt(deps, ref);
  if (attempt.state === 'released') return;
  const channel = keys.channel(plan.pipeline, plan.channel);
  if (conflict.key.sk === channel.sk)
    throw new ReleaseOutdated(
      `${plan.pipeline} has a newer release in ${plan.channel} than when this bake was distributed. Bake again if it is still wanted.`,
      ref,
    );
  if (attempt.state !== 'releasing' || attempt.endRequested !== undefined)
    throw new AttemptEnded(
      `Attempt ${ref.attempt} of bake ${ref.bake} was asked to end; it is not released.`,
      ref,
    );
}

async function prepareReleasedFingerprint(
  deps: ReleaseImageDeps,
  bake: BakeRecord,
  revision: RevisionRecord,
): Promise<Write[]> {
  const key = keys.fingerprint(bake.pipeline, bake.bits, bake.proof);
  const found = await readRecord(deps.table, key, FingerprintRecordSchema);
  if (found?.bake !== bake.id) return [];
  const targets = mergeSorted(found.targets ?? [], listTargets(revision.definition));
  return [
    {
      update: key,
      set: { state: 'released', failures: 0, targets },
      remove: ['retained'],
      when: { equals: { bake: bake.id } },
    },
  ];
}

async function prepareReleasedStatus(deps: ReleaseImageDeps, bake: BakeRecord): Promise<Write[]> {
  const key = keys.status(bake.pipeline);
  const status = await readRecord(deps.table, key, PipelineStatusSchema);
  if (status?.activeBake !== bake.id) return [];
  return [
    {
      update: key,
      set: { consecutiveFailures: 0, supersededInRow: 0 },
      remove: ['activeBake', 'refusedTargets'],
      add: { version: 1 },
      when: { equals: { version: status.version, activeBake: bake.id } },
    },
  ];
}

function prepareReleasedAttempt(deps: ReleaseImageDeps, ref: BakeRef, release: string): Write[] {
  const at = deps.clock.now().toISOString();
  return [
    {
      update: keys.attempt(ref.bake, ref.attempt),
      // The next sweep forgets its builds.
      set: { state: 'released', endedAt: at, duePk: due.attempt, dueSk: at },
      when: { oneOf: { state: listPriorStates('released') }, equals: { endRequested: null } },
    },
    {
      update: keys.bake(ref.bake),
      set: { state: 'released', endedAt: at, release },
      when: { equals: { attempt: ref.attempt } },
    },
    {
      update: keys.step(ref.bake, ref.attempt, 'Release'),
      set: { state: 'succeeded', endedAt: at, summary: 'The image is current in its channel' },
    },
  ];
}

async function markTargetsReleased(deps: ReleaseImageDeps, ref: BakeRef): Promise<void> {
  const rows = await readRows(deps, ref.bake);
  const writes = rows
    .filter((row) => row.attempt === ref.attempt && row.state === 'verified')
    .map((row): Write => ({ update: rowKey(row), set: { state: 'released' }, add: { version: 1 } }));
  await writeInParts(deps, writes);
}
