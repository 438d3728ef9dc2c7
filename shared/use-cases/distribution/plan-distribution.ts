/**
 * Distribute begins: freezes what is to be done into a plan and one ledger row for each target. Nothing is made in any target yet. A repeat
 * finds the plan of the first call, so that an hour later it still says the same.
 */

import type * as z from 'zod';
import { type Artifact, findArtifactId } from '../../domain/artifacts/artifacts.ts';
import type { BakeRef, DistributionPlanSchema } from '../../domain/bakes/payloads.ts';
import { AttemptEnded, DistributionFailed } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { durationSeconds } from '../../domain/definitions/definition.ts';
import { copyTags } from '../../domain/distribution/copies.ts';
import {
  type DistributionInput,
  listTransfers,
  planDistribution as planTransfers,
} from '../../domain/distribution/plan.ts';
import { AWS_QUOTAS } from '../../domain/distribution/quotas.ts';
import { listRegionRuns, listTargets } from '../../domain/distribution/targets.ts';
import { ArtifactRecordSchema, type BakeRecord } from '../../domain/records/bakes.ts';
import type { DistributionRecord, TargetRecord } from '../../domain/records/distributions.ts';
import type { RevisionRecord } from '../../domain/records/pipelines.ts';
import { ChannelRecordSchema } from '../../domain/records/releases.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Write } from '../../ports/table.ts';
import { beginStep } from '../bakes/steps.ts';
import { readAttempt, readBakeAndRevision } from '../store/bakes.ts';
import { readRecord } from '../store/read.ts';
import { readDistribution, readRows, retryLaterOnConflict, rowKey, writeInParts } from './ledger.ts';
import { restorePointers } from './restore-pointers.ts';
import { readRetainedRows, readSharedAccounts, toKeptFields, toReusedFields } from './reuse-copies.ts';

export type PlanDistributionDeps = Pick<Ports, 'table' | 'clock' | 'locations'>;

interface BuiltArtifact {
  readonly variant: string;
  readonly artifact: Artifact;
}

type Plan = z.infer<typeof DistributionPlanSchema>;

export function planDistribution(deps: PlanDistributionDeps, ref: BakeRef): Promise<Plan> {
  return retryLaterOnConflict('Planning a distribution', () => makePlan(deps, ref));
}

async function makePlan(deps: PlanDistributionDeps, ref: BakeRef): Promise<Plan> {
  await beginStep(deps, ref, 'Distribute');
  const { bake, revision } = await readBakeAndRevision(deps, ref.bake);
  const plan = await freezePlan(deps, ref, bake, revision);
  const targets = listTargets(revision.definition);
  const artifacts = new Map(
    Object.entries(plan.sources).map(([variant, { artifact }]) => [variant, artifact]),
  );
  await writeRows(deps, ref, {
    artifacts,
    targets,
    home: plan,
    standing: await readRetainedRows(deps, bake),
  });
  const runs = listRegionRuns(ref, targets);
  return { regions: runs.map((run) => run.region), runs };
}

async function freezePlan(
  deps: PlanDistributionDeps,
  ref: BakeRef,
  bake: BakeRecord,
  revision: RevisionRecord,
): Promise<DistributionRecord> {
  const before = await readDistribution(deps, ref.bake);
  if (before?.attempt === ref.attempt) return before;
  if (before !== undefined && before.attempt > ref.attempt)
    throw new AttemptEnded(`Attempt ${before.attempt} of bake ${ref.bake} distributes already.`, ref);
  // An attempt whose clean-up never ran must not leave its image current.
  if (before !== undefined) await restorePointers(deps, { bake: ref.bake, attempt: before.attempt });

  const plan = await describePlan(deps, ref, bake, revision);
  const stale = before === undefined ? undefined : await readDistribution(deps, ref.bake);
  const version = stale === undefined ? 0 : stale.version + 1;
  await deps.table.write([
    {
      put: { ...keys.distribution(ref.bake), ...plan, version },
      when: stale === undefined ? { exists: false } : { equals: { version: stale.version } },
    },
  ]);
  return { ...plan, version };
}

async function describePlan(
  deps: PlanDistributionDeps,
  ref: BakeRef,
  bake: BakeRecord,
  revision: RevisionRecord,
): Promise<Omit<DistributionRecord, 'version'>> {
  const { definition } = revision;
  const images = await Promise.all(definition.variants.map(({ name }) => readImage(deps, ref.bake, name)));
  const first = images[0];
  if (first === undefined) throw new DistributionFailed(`Bake ${ref.bake} has no image to distribute.`);
  const sources: DistributionRecord['sources'] = {};
  for (const image of images)
    sources[image.variant] = await describeSource(deps, image, {
      ...ref,
      pipeline: bake.pipeline,
      wanted: definition.distribution.tags,
    });
  const channelKey = keys.channel(bake.pipeline, bake.channel);
  const channel = await readRecord(deps.table, channelKey, ChannelRecordSchema);
  const sharedWith = await readSharedAccounts(deps, bake, first.artifact, await readRetainedRows(deps, bake));
  const { deprecateAfter } = definition.distribution;
  const now = deps.clock.now();
  return {
    ...ref,
    pipeline: bake.pipeline,
    channel: bake.channel,
    account: first.artifact.account,
    region: first.artifact.region,
    sequence: channel?.sequence ?? 0,
    sources,
    ...(Object.keys(sharedWith).length === 0 ? {} : { sharedWith }),
    ...(deprecateAfter === undefined
      ? {}
      : { deprecateAt: new Date(now.getTime() + durationSeconds(deprecateAfter) * 1000).toISOString() }),
    state: 'planned',
    plannedAt: now.toISOString(),
  };
}

async function readImage(deps: PlanDistributionDeps, bake: string, variant: string): Promise<BuiltArtifact> {
  const row = await readRecord(deps.table, keys.artifact(bake, variant), ArtifactRecordSchema);
  if (row?.artifact === undefined)
    throw new DistributionFailed(`Bake ${bake} has no image of the variant ${variant}.`);
  return { variant, artifact: row.artifact };
}

async function describeSource(
  deps: PlanDistributionDeps,
  { variant, artifact }: BuiltArtifact,
  own: BakeRef & { readonly pipeline: string; readonly wanted: Readonly<Record<string, string>> },
): Promise<DistributionRecord['sources'][string]> {
  const id = findArtifactId(artifact);
  const facts = await deps.locations.openControl(artifact.region).artifacts[artifact.kind].describe(id);
  if (facts === undefined)
    throw new DistributionFailed(
      `The image ${id} of the variant ${variant} is gone from ${artifact.region}. Retry the bake: it is built again.`,
    );
  if (facts.state !== 'available')
    throw new DistributionFailed(
      `The image ${id} is ${facts.state} and cannot be copied. Retry the bake: it is built again.`,
    );
  return {
    artifact: facts.artifact,
    architecture: facts.architecture,
    devices: facts.snapshots.map((snapshot) => snapshot.device),
    tags: copyTags(facts.tags, own.wanted, { ...own, variant }),
  };
}

/** Rows of this attempt stay as they are; those of an older one start anew, above their last version. */
async function writeRows(
  deps: PlanDistributionDeps,
  ref: BakeRef,
  input: DistributionInput<TargetRecord>,
): Promise<void> {
  const batches = new Map(planTransfers(input, AWS_QUOTAS).map(({ id, batch }) => [id, batch]));
  const rows = new Map((await readRows(deps, ref.bake)).map((row) => [rowKey(row).sk, row]));
  const { continues } = await readAttempt(deps, ref);
  const writes: Write[] = [];
  for (const { id, ...transfer } of listTransfers(input)) {
    const key = rowKey({ ...transfer, bake: ref.bake });
    const before = rows.get(key.sk);
    if (before?.attempt === ref.attempt) continue;
    const row: TargetRecord = {
      ...transfer,
      ...ref,
      // A copy that stands is in no batch. Should it turn out to be gone, it takes a slot with the first.
      batch: batches.get(id) ?? 0,
      state: 'planned',
      done: [],
      copyAttempts: 0,
      postponements: 0,
      reused: false,
      ...toReusedFields(transfer, input.standing),
      ...(before !== undefined && before.attempt === continues ? toKeptFields(before) : {}),
      version: before === undefined ? 0 : before.version + 1,
    };
    writes.push({
      put: { ...key, ...row },
      when: before === undefined ? { exists: false } : { equals: { version: before.version } },
    });
  }
  await writeInParts(deps, writes);
}
