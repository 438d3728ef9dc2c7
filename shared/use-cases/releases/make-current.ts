/**
 * What makes an image current in its channel: the release, the channel and what is published, for one transaction. A kept image is the release
 * that it was, so that nobody rebakes for it.
 */

import { keys, lists } from '../../domain/base/naming.ts';
import { listTargets } from '../../domain/reconcile/pipeline-spec.ts';
import { ArtifactRecordSchema, type BakeRecord } from '../../domain/records/bakes.ts';
import type { DistributionRecord, TargetRecord } from '../../domain/records/distributions.ts';
import type { RevisionRecord } from '../../domain/records/pipelines.ts';
import {
  type ChannelRecord,
  ChannelRecordSchema,
  type ReleaseRecord,
  ReleaseRecordSchema,
} from '../../domain/records/releases.ts';
import {
  computeChannel,
  computeRelease,
  hasImages,
  listShownTargets,
  toReleaseImages,
} from '../../domain/releases/release.ts';
import { imageReleasedEvent } from '../../events/image-released.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Digest, Ids } from '../../ports/ids.ts';
import type { Table, Write } from '../../ports/table.ts';
import { scheduleIndexWrite } from '../detect/index-inventory.ts';
import { readBake } from '../store/bakes.ts';
import { outboxWrite } from '../store/outbox.ts';
import { readMany, readRecord } from '../store/read.ts';

export interface MakeCurrentDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly digest: Digest;
}

/** An event may hold 1 MB, an item of the table 400 KB (events PutEvents, amazondynamodb). */
const TARGETS_IN_EVENT = 100;

/** Answers the release's id and the writes that make it current; they lose when the channel has moved on since the plan. */
export async function makeCurrent(
  deps: MakeCurrentDeps,
  plan: DistributionRecord,
  bake: BakeRecord,
  revision: RevisionRecord,
  rows: readonly TargetRecord[],
): Promise<{ readonly release: string; readonly writes: readonly Write[] }> {
  const before = await readRecord(deps.table, keys.channel(plan.pipeline, plan.channel), ChannelRecordSchema);
  const standing = await findStandingRelease(deps, plan, bake, before);
  const id = standing?.id ?? deps.ids.next();
  const at = deps.clock.now().toISOString();
  const release = computeRelease({ id, bake, plan, rows, standing, at });
  const images = await readMany(
    deps.table,
    Object.keys(plan.sources).map((variant) => keys.artifact(bake.id, variant)),
    ArtifactRecordSchema,
  );
  const channel = computeChannel({
    digest: deps.digest,
    release,
    bake,
    images: images.filter((image) => image !== undefined),
    targets: listTargets(revision.definition),
    before,
  });
  const { team } = revision.definition;
  const isNew = standing === undefined;
  return { release: id, writes: prepareRelease(deps, plan, { bake, release, channel, rows, team, isNew }) };
}

/** The release that a kept image is in already, if it still is of exactly these images. */
async function findStandingRelease(
  deps: MakeCurrentDeps,
  plan: DistributionRecord,
  bake: BakeRecord,
  before: ChannelRecord | undefined,
): Promise<ReleaseRecord | undefined> {
  if (bake.reusesBake === undefined) return undefined;
  const reused = await readBake(deps, bake.reusesBake);
  const id = reused.release ?? (before?.bake === reused.id ? before.release : undefined);
  if (id === undefined) return undefined;
  const found =
    (await readRecord(deps.table, keys.release(plan.pipeline, plan.channel, id), ReleaseRecordSchema)) ??
    (await readRecord(deps.table, keys.release(plan.pipeline, reused.channel, id), ReleaseRecordSchema));
  return found !== undefined && hasImages(found, toReleaseImages(plan)) ? found : undefined;
}

function prepareRelease(
  deps: Pick<MakeCurrentDeps, 'ids'>,
  plan: DistributionRecord,
  given: {
    readonly bake: BakeRecord;
    readonly release: ReleaseRecord;
    readonly channel: ChannelRecord;
    readonly rows: readonly TargetRecord[];
    readonly team: string;
    readonly isNew: boolean;
  },
): Write[] {
  const { bake, release, team, isNew } = given;
  const { pipeline, channel, sequence } = plan;
  const { id, at, images } = release;
  const event = imageReleasedEvent({
    bake: bake.id,
    attempt: plan.attempt,
    pipeline,
    team,
    channel,
    release: id,
    reason: bake.reason,
    startsAt: bake.startsAt,
    images,
    targets: listShownTargets(given.rows).slice(0, TARGETS_IN_EVENT),
    changes: bake.changes,
    causes: bake.causes,
  });
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
    outboxWrite(deps.ids, event, at),
    { delete: keys.pointers(pipeline, channel) },
    scheduleIndexWrite({ pipeline, channel }, bake.id, at),
  ];
}
