/**
 * The end of a bake that went well: the channel moves, and everything that says so moves with it in one transaction. Only then do children hear
 * of it, and the pipelines that waited for this bake are planned.
 */
import { AttemptEnded, DistributionFailed, ReleaseOutdated, TryLater } from '../domain/errors.ts';
import { priorStates } from '../domain/lifecycle.ts';
import { due, keys, lists } from '../domain/naming.ts';
import type { BakeRef } from '../domain/payloads.ts';
import { placesOf } from '../domain/plan-inputs.ts';
import {
  type BakeRecord,
  type ChannelRecord,
  type DistributionRecord,
  FingerprintRecordSchema,
  type OutboxRecord,
  PlanningRecordSchema,
  type ReleaseRecord,
  type RevisionRecord,
  type TargetRecord,
} from '../domain/records.ts';
import { imageReleasedEvent } from '../events/image-released.ts';
import { type Clock, type Ids, type PlanQueue, type Table, type Write, WriteConflict } from '../ports.ts';
import { planOf, readRows, rowKey, savePlan, writeInParts } from './ledger.ts';
import { planAgain } from './plan-again.ts';
import { beginStep, readAttempt, readBakeAndRevision } from './steps.ts';

export interface ReleaseImageDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly planQueue: PlanQueue;
}

const ROUNDS = 5;
/** An event may hold 1 MB, an item of the table 400 KB (events PutEvents, amazondynamodb). */
const TARGETS_IN_EVENT = 100;

export async function releaseImage(deps: ReleaseImageDeps, ref: BakeRef): Promise<{ released: true }> {
  const { bake, revision } = await readBakeAndRevision(deps, ref.bake);
  const attempt = await readAttempt(deps, ref);
  if (attempt.state !== 'released') {
    await beginStep(deps, ref, 'Release');
    await release(deps, ref, bake, revision);
  }
  // What follows may be repeated: a crash in between is picked up by the next call.
  await markRows(deps, ref);
  await planAgain(deps, bake.pipeline);
  return { released: true };
}

async function release(
  deps: ReleaseImageDeps,
  ref: BakeRef,
  bake: BakeRecord,
  revision: RevisionRecord,
): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const plan = await planOf(deps, ref);
    // Another run of this function was faster.
    if (plan.state === 'released') return;
    if (plan.state !== 'moved')
      throw new DistributionFailed(
        `The pointers of bake ${ref.bake} have not been moved (they are ${plan.state}).`,
      );
    const rows = (await readRows(deps, ref.bake)).filter((row) => row.attempt === ref.attempt);
    const own = [
      ...(await endOfFingerprint(deps, bake, revision)),
      ...(await endOfPlanning(deps, bake)),
      ...endOfAttempt(deps, ref),
      ...publish(deps, plan, bake, revision, rows),
    ];
    try {
      await savePlan(deps, plan, { state: 'released' }, own);
      return;
    } catch (error) {
      if (!(error instanceof WriteConflict)) throw error;
      await explain(deps, ref, plan, error);
    }
  }
  throw new TryLater(`Bake ${ref.bake} kept changing while it was released.`, ref);
}

/** Which condition was lost decides: some are final, the others are read again. */
async function explain(
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

async function endOfFingerprint(
  deps: ReleaseImageDeps,
  bake: BakeRecord,
  revision: RevisionRecord,
): Promise<Write[]> {
  const key = keys.fingerprint(bake.pipeline, bake.bits, bake.proof);
  const item = await deps.table.get(key);
  if (item === undefined || FingerprintRecordSchema.parse(item).bake !== bake.id) return [];
  const places = placesOf(revision.definition);
  return [
    { update: key, set: { state: 'released', failures: 0, places }, when: { equals: { bake: bake.id } } },
  ];
}

async function endOfPlanning(deps: ReleaseImageDeps, bake: BakeRecord): Promise<Write[]> {
  const key = keys.planning(bake.pipeline);
  const item = await deps.table.get(key);
  const planning = item === undefined ? undefined : PlanningRecordSchema.parse(item);
  if (planning?.activeBake !== bake.id) return [];
  return [
    {
      update: key,
      set: { consecutiveFailures: 0, supersededInRow: 0 },
      remove: ['activeBake'],
      add: { version: 1 },
      when: { equals: { version: planning.version, activeBake: bake.id } },
    },
  ];
}

function endOfAttempt(deps: ReleaseImageDeps, ref: BakeRef): Write[] {
  const at = deps.clock.now().toISOString();
  return [
    {
      update: keys.attempt(ref.bake, ref.attempt),
      set: { state: 'released', endedAt: at },
      remove: ['duePk', 'dueSk'],
      when: { oneOf: { state: priorStates('released') }, equals: { endRequested: null } },
    },
    {
      update: keys.bake(ref.bake),
      set: { state: 'released', endedAt: at },
      when: { equals: { attempt: ref.attempt } },
    },
    {
      update: keys.step(ref.bake, ref.attempt, 'Release'),
      set: { state: 'succeeded', endedAt: at, summary: 'The image is current in its channel' },
    },
  ];
}

function publish(
  deps: ReleaseImageDeps,
  plan: DistributionRecord,
  bake: BakeRecord,
  revision: RevisionRecord,
  rows: readonly TargetRecord[],
): Write[] {
  const { pipeline, channel, sequence } = plan;
  const at = deps.clock.now().toISOString();
  const images = Object.fromEntries(
    Object.entries(plan.sources).map(([variant, source]) => [variant, source.imageId]),
  );
  const release: ReleaseRecord = {
    id: deps.ids.next(),
    pipeline,
    channel,
    bake: bake.id,
    bits: bake.bits,
    proof: bake.proof,
    images,
    targets: targetsOf(rows),
    at,
  };
  const current: ChannelRecord = {
    pipeline,
    channel,
    release: release.id,
    bake: bake.id,
    bits: bake.bits,
    proof: bake.proof,
    sequence: sequence + 1,
    images,
    ...(bake.ingredients === undefined ? {} : { ingredients: bake.ingredients }),
    places: placesOf(revision.definition),
    at,
  };
  const { team } = revision.definition;
  const event: OutboxRecord = {
    id: deps.ids.next(),
    ...imageReleasedEvent({
      bake: bake.id,
      attempt: plan.attempt,
      pipeline,
      ...(team === undefined ? {} : { team }),
      channel,
      release: release.id,
      reason: bake.reason,
      images,
      targets: release.targets.slice(0, TARGETS_IN_EVENT),
      changes: bake.changes,
      causes: bake.causes,
    }),
    at,
    published: false,
  };
  return [
    {
      put: { ...keys.channel(pipeline, channel), ...current },
      when: sequence === 0 ? { exists: false } : { equals: { sequence } },
    },
    {
      put: {
        ...keys.release(pipeline, channel, release.id),
        ...release,
        listPk: lists.releases,
        listSk: `${at}#${release.id}`,
      },
      when: { exists: false },
    },
    { put: { ...keys.outbox(event.id), ...event, duePk: due.outbox, dueSk: at } },
    { delete: keys.pointers(pipeline, channel) },
  ];
}

function targetsOf(rows: readonly TargetRecord[]): ReleaseRecord['targets'] {
  return rows.flatMap(({ account, region, variant, imageId, parameter, launchTemplate, state, carrier }) =>
    carrier || state !== 'verified' || imageId === undefined
      ? []
      : [
          {
            account,
            region,
            variant,
            imageId,
            ...(parameter === undefined ? {} : { parameter }),
            ...(launchTemplate === undefined ? {} : { launchTemplate }),
          },
        ],
  );
}

async function markRows(deps: ReleaseImageDeps, ref: BakeRef): Promise<void> {
  const rows = await readRows(deps, ref.bake);
  const writes = rows
    .filter((row) => row.attempt === ref.attempt && row.state === 'verified')
    .map((row): Write => ({ update: rowKey(row), set: { state: 'released' }, add: { version: 1 } }));
  await writeInParts(deps, writes);
}
