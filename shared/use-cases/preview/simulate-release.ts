/** Simulates the end of a successful bake with the use cases that record it. */
import type { Artifact } from '../../domain/artifacts/artifacts.ts';
import { AttemptEnded } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { type BakeRecord, BakeRecordSchema } from '../../domain/records/bakes.ts';
import type { DistributionRecord } from '../../domain/records/distributions.ts';
import { ChannelRecordSchema, ReleaseRecordSchema } from '../../domain/records/releases.ts';
import type { Table } from '../../ports/table.ts';
import { beginStep } from '../bakes/steps.ts';
import { type ReleaseImageDeps, releaseImage } from '../releases/release-image.ts';
import { readAttempt, readBake, readBakeAndRevision } from '../store/bakes.ts';
import { readRecord } from '../store/read.ts';

/** Marks the bake as built, judged and approved, so that newer versions follow it. A bake that is further already, or ends, stays as it is. */
export async function simulateDistribution(deps: ReleaseImageDeps, id: string): Promise<void> {
  const { attempt } = await readBake(deps, id);
  try {
    await beginStep(deps, { bake: id, attempt }, 'Distribute');
  } catch (error) {
    if (!(error instanceof AttemptEnded)) throw error;
  }
}

/** Releases the bake; false where it was asked to end instead. */
export async function simulateRelease(deps: ReleaseImageDeps, id: string): Promise<boolean> {
  const { bake, revision } = await readBakeAndRevision(deps, id);
  const ref = { bake: id, attempt: bake.attempt };
  const attempt = await readAttempt(deps, ref);
  if (attempt.endRequested !== undefined || attempt.endedAt !== undefined) return false;
  await beginStep(deps, ref, 'Release');
  const { pipeline, channel } = bake;
  const current = await readRecord(deps.table, keys.channel(pipeline, channel), ChannelRecordSchema);
  const images = await readReusedImages(deps.table, bake);
  const plan: DistributionRecord = {
    ...ref,
    pipeline,
    channel,
    account: '',
    region: '',
    sequence: current?.sequence ?? 0,
    sources: Object.fromEntries(
      revision.definition.variants.map(({ name, architecture }) => {
        const imageId = images[name] ?? `preview-${id}`;
        const artifact: Artifact = { kind: 'ami', account: '', region: '', imageId, snapshotIds: [] };
        return [name, { artifact, architecture, devices: [], tags: {} }];
      }),
    ),
    state: 'moved',
    plannedAt: deps.clock.now().toISOString(),
    version: 1,
  };
  await deps.table.write([{ put: { ...keys.distribution(id), ...plan } }]);
  await releaseImage(deps, ref);
  return true;
}

/** The images of the bake that it reuses; none for a new image, which has no id yet. */
async function readReusedImages(table: Table, bake: BakeRecord): Promise<Readonly<Record<string, string>>> {
  const reused =
    bake.reusesBake === undefined
      ? undefined
      : await readRecord(table, keys.bake(bake.reusesBake), BakeRecordSchema);
  if (reused === undefined) return {};
  if (reused.release === undefined) return readReusedImages(table, reused);
  const key = keys.release(bake.pipeline, reused.channel, reused.release);
  return (await readRecord(table, key, ReleaseRecordSchema))?.images ?? {};
}
