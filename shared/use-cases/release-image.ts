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
  ChannelRecordSchema,
  type DistributionRecord,
  FingerprintRecordSchema,
  ImageRecordSchema,
  type OutboxRecord,
  PlanningRecordSchema,
  type ReleaseRecord,
  ReleaseRecordSchema,
  type RevisionRecord,
  type TargetRecord,
} from '../domain/records.ts';
import {
  channelAfter,
  hasImages,
  imagesOf,
  releaseAfter,
  targetsShowing,
  together,
} from '../domain/release.ts';
import { imageReleasedEvent } from '../events/image-released.ts';
import {
  type Clock,
  type Digest,
  type Ids,
  type PlanQueue,
  type Table,
  type Write,
  WriteConflict,
} from '../ports.ts';
import { indexLater } from './index-inventory.ts';
import { planOf, readRows, rowKey, savePlan, writeInParts } from './ledger.ts';
import { planAgain, planChildren } from './plan-again.ts';
import { beginStep, readAttempt, readBake, readBakeAndRevision } from './steps.ts';
import { read, readMany } from './store/read.ts';

export interface ReleaseImageDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly digest: Digest;
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
  // What was kept may be current again under its old id, which moves no selector.
  await (bake.startsAt === 'Build' ? planChildren : planAgain)(deps, bake.pipeline);
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
      ...(await makeCurrent(deps, plan, bake, revision, rows)),
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

/** The release, its channel and what is said of them. A kept image is the release that it was, so that nobody rebakes for it. */
async function makeCurrent(
  deps: ReleaseImageDeps,
  plan: DistributionRecord,
  bake: BakeRecord,
  revision: RevisionRecord,
  rows: readonly TargetRecord[],
): Promise<Write[]> {
  const before = await read(deps.table, keys.channel(plan.pipeline, plan.channel), ChannelRecordSchema);
  const standing = await standingRelease(deps, plan, bake, before);
  const id = standing?.id ?? deps.ids.next();
  const at = deps.clock.now().toISOString();
  const release = releaseAfter({ id, bake, plan, rows, standing, at });
  const images = await readMany(
    deps.table,
    Object.keys(plan.sources).map((variant) => keys.image(bake.id, variant)),
    ImageRecordSchema,
  );
  const channel = channelAfter({
    digest: deps.digest,
    release,
    bake,
    images: images.filter((image) => image !== undefined),
    places: placesOf(revision.definition),
    before,
  });
  const { team } = revision.definition;
  return [
    ...endOfAttempt(deps, plan, release.id),
    ...publish(deps, plan, { bake, release, channel, rows, team, isNew: standing === undefined }),
  ];
}

async function standingRelease(
  deps: ReleaseImageDeps,
  plan: DistributionRecord,
  bake: BakeRecord,
  before: ChannelRecord | undefined,
): Promise<ReleaseRecord | undefined> {
  if (bake.reuses === undefined) return undefined;
  const reused = await readBake(deps, bake.reuses);
  const id = reused.release ?? (before?.bake === reused.id ? before.release : undefined);
  if (id === undefined) return undefined;
  const found =
    (await read(deps.table, keys.release(plan.pipeline, plan.channel, id), ReleaseRecordSchema)) ??
    (await read(deps.table, keys.release(plan.pipeline, reused.channel, id), ReleaseRecordSchema));
  return found !== undefined && hasImages(found, imagesOf(plan)) ? found : undefined;
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
  const found = await read(deps.table, key, FingerprintRecordSchema);
  if (found?.bake !== bake.id) return [];
  const places = together(found.places ?? [], placesOf(revision.definition));
  return [
    {
      update: key,
      set: { state: 'released', failures: 0, places },
      remove: ['kept'],
      when: { equals: { bake: bake.id } },
    },
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
      remove: ['activeBake', 'refusedPlaces'],
      add: { version: 1 },
      when: { equals: { version: planning.version, activeBake: bake.id } },
    },
  ];
}

function endOfAttempt(deps: ReleaseImageDeps, ref: BakeRef, release: string): Write[] {
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
      set: { state: 'released', endedAt: at, release },
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
  given: {
    readonly bake: BakeRecord;
    readonly release: ReleaseRecord;
    readonly channel: ChannelRecord;
    readonly rows: readonly TargetRecord[];
    readonly team: string | undefined;
    readonly isNew: boolean;
  },
): Write[] {
  const { bake, release, team, isNew } = given;
  const { pipeline, channel, sequence } = plan;
  const { id, at, images } = release;
  const event: OutboxRecord = {
    id: deps.ids.next(),
    ...imageReleasedEvent({
      bake: bake.id,
      attempt: plan.attempt,
      pipeline,
      ...(team === undefined ? {} : { team }),
      channel,
      release: id,
      reason: bake.reason,
      startsAt: bake.startsAt,
      images,
      targets: targetsShowing(given.rows).slice(0, TARGETS_IN_EVENT),
      changes: bake.changes,
      causes: bake.causes,
    }),
    at,
    published: false,
  };
  return [
    {
      put: { ...keys.channel(pipeline, channel), ...given.channel },
      when: sequence === 0 ? { exists: false } : { equals: { sequence } },
    },
    {
      put: {
        ...keys.release(pipeline, channel, id),
        ...release,
        listPk: lists.releases,
        listSk: `${at}#${id}`,
      },
      ...(isNew ? { when: { exists: false } } : {}),
    },
    { put: { ...keys.outbox(event.id), ...event, duePk: due.outbox, dueSk: at } },
    { delete: keys.pointers(pipeline, channel) },
    indexLater({ pipeline, channel }, bake.id, deps.clock.now().toISOString()),
  ];
}

async function markRows(deps: ReleaseImageDeps, ref: BakeRef): Promise<void> {
  const rows = await readRows(deps, ref.bake);
  const writes = rows
    .filter((row) => row.attempt === ref.attempt && row.state === 'verified')
    .map((row): Write => ({ update: rowKey(row), set: { state: 'released' }, add: { version: 1 } }));
  await writeInParts(deps, writes);
}
