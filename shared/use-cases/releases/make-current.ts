/**
 * The writes that make an image current in its channel, for one transaction: channel, release, the change for its dependents and the published
 * event. A retained image is the release that it was, so that an equal image causes no bake.
 */

import { findArtifactId } from '../../domain/artifacts/artifacts.ts';
import { keys, lists } from '../../domain/base/naming.ts';
import { listTargets } from '../../domain/reconcile/pipeline-spec.ts';
import { ArtifactRecordSchema, type BakeRecord } from '../../domain/records/bakes.ts';
import type { DistributionRecord, TargetRecord } from '../../domain/records/distributions.ts';
import type { RevisionRecord } from '../../domain/records/pipelines.ts';
import {
  type ChannelRecord,
  ChannelRecordSchema,
  isGoing,
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
import type { Ports } from '../../ports/ports.ts';
import type { Write } from '../../ports/table.ts';
import { scheduleIndexWrite } from '../detect/index-inventory.ts';
import { readBake } from '../store/bakes.ts';
import { outboxWrite } from '../store/outbox.ts';
import { readFound, readRecord } from '../store/read.ts';
import { prepareReleaseChange, type ReleaseChangeDeps } from './release-change.ts';

export type MakeCurrentDeps = ReleaseChangeDeps & Pick<Ports, 'clock' | 'digest'>;

/** An event may have 1 MB, an item of the table 400 KB (events PutEvents, amazondynamodb). */
const TARGETS_IN_EVENT = 100;

export interface CurrentRelease {
  readonly release: string;
  /** The change that it is for its dependents, with an open fan-out. */
  readonly change?: string | undefined;
  readonly writes: readonly Write[];
}

/** The writes lose when the channel, or the selector by which others are built on it, has changed since the plan. */
export async function prepareCurrentRelease(
  deps: MakeCurrentDeps,
  plan: DistributionRecord,
  bake: BakeRecord,
  revision: RevisionRecord,
  rows: readonly TargetRecord[],
): Promise<CurrentRelease> {
  const before = await readRecord(deps.table, keys.channel(plan.pipeline, plan.channel), ChannelRecordSchema);
  const standing = await findStandingRelease(deps, plan, bake, before);
  const id = standing?.id ?? deps.ids.next();
  const at = deps.clock.now().toISOString();
  const release = computeRelease({ id, bake, plan, rows, standing, at });
  const wanted = Object.keys(plan.sources).map((variant) => keys.artifact(bake.id, variant));
  const channel = computeChannel({
    digest: deps.digest,
    release,
    bake,
    images: await readFound(deps.table, wanted, ArtifactRecordSchema),
    targets: listTargets(revision.definition),
    before,
  });
  const { team } = revision.definition;
  const isNew = standing === undefined;
  const own = releaseWrites(deps, plan, { bake, release, channel, rows, team, isNew });
  const { change, writes } = await prepareReleaseChange(deps, release, bake, at);
  return { release: id, change, writes: [...own, ...writes] };
}

/** The release that a retained image is in already, if it still is of exactly these images. */
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
  return found !== undefined && !isGoing(found) && hasImages(found, toReleaseImages(plan))
    ? found
    : undefined;
}

function releaseWrites(
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
    targets: listShownTargets(given.rows)
      .slice(0, TARGETS_IN_EVENT)
      .map(({ artifact, ...target }) => ({ ...target, imageId: findArtifactId(artifact) })),
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
