/** Reads the evidence that approvers vote on, as it is now. The caller freezes it. */
import { type Evidence, EvidenceSchema } from '../../domain/approval/evidence.ts';
import { diffPackages } from '../../domain/approval/package-diff.ts';
import type { BakeRef } from '../../domain/bakes/payloads.ts';
import { keys } from '../../domain/base/naming.ts';
import type { Target } from '../../domain/definitions/definition.ts';
import { isSameFingerprint } from '../../domain/reconcile/desired.ts';
import {
  type ArtifactRecord,
  ArtifactRecordSchema,
  type BakeRecord,
  StepRecordSchema,
} from '../../domain/records/bakes.ts';
import { GateRecordSchema } from '../../domain/records/gates.ts';
import type { RevisionRecord } from '../../domain/records/pipelines.ts';
import { type ChannelRecord, ChannelRecordSchema } from '../../domain/records/releases.ts';
import { type ChangeRecord, ChangeRecordSchema } from '../../domain/records/selectors.ts';
import { FingerprintRecordSchema } from '../../domain/records/status.ts';
import { TestRecordSchema } from '../../domain/records/tests.ts';
import type { Documents } from '../../ports/documents.ts';
import type { Table } from '../../ports/table.ts';
import { readBake, readImages } from '../store/bakes.ts';
import { NOT_COLLECTED, readPackages } from '../store/inventories.ts';
import { readAll, readFound, readRecord } from '../store/read.ts';

export interface GatherEvidenceDeps {
  readonly table: Table;
  readonly documents: Pick<Documents, 'get'>;
}

export async function gatherEvidence(
  deps: GatherEvidenceDeps,
  ref: BakeRef,
  bake: BakeRecord,
  revision: RevisionRecord,
): Promise<Evidence> {
  const { definition } = revision;
  const judged = await findJudgedBake(deps, ref, bake);
  const { pk } = keys.bake(judged.bake);
  const [images, tests, gates, changes, preflight] = await Promise.all([
    readImages(deps, ref.bake),
    readAll(deps.table, { pk, prefix: 'TEST#' }, TestRecordSchema),
    readAll(deps.table, { pk, prefix: keys.gate(judged.bake, judged.attempt, '').sk }, GateRecordSchema),
    readChanges(deps, bake),
    readRecord(deps.table, keys.step(ref.bake, ref.attempt, 'Preflight'), StepRecordSchema),
  ]);
  const retained = await readRetainedRelease(deps, bake, images);
  return EvidenceSchema.parse({
    version: 1,
    pipeline: bake.pipeline,
    description: definition.description,
    team: definition.team,
    channel: bake.channel,
    revision: bake.revision,
    bake: bake.id,
    reason: bake.reason,
    requestedBy: bake.requestedBy,
    changes,
    lock: bake.lock,
    images: images.flatMap(({ variant, artifact }) =>
      artifact === undefined ? [] : [{ variant, artifact }],
    ),
    tests: tests
      .filter((test) => test.attempt === judged.attempt)
      .map(({ variant, instanceType, results }) => ({ variant, instanceType, results })),
    gates,
    packages: await Promise.all(images.map((image) => comparePackages(deps, bake, image))),
    targets: selectNewTargets(definition.distribution.targets, retained),
    warnings: preflight?.warnings,
    ...(retained === undefined ? {} : { retained }),
  });
}

const MAX_BAKES_READ = 20;

/** The attempt whose tests and gates judged the image: this one, or that of the bake whose judged image it reuses. */
async function findJudgedBake(
  deps: Pick<GatherEvidenceDeps, 'table'>,
  ref: BakeRef,
  bake: BakeRecord,
): Promise<BakeRef> {
  let [judged, at] = [bake, ref];
  for (let looked = 0; looked < MAX_BAKES_READ; looked += 1) {
    const { startsAt, reusesBake } = judged;
    if (startsAt === 'Build' || startsAt === 'Test' || reusesBake === undefined) break;
    judged = await readBake(deps, reusesBake);
    at = { bake: judged.id, attempt: judged.attempt };
  }
  return at;
}

async function readRetainedRelease(
  deps: Pick<GatherEvidenceDeps, 'table'>,
  bake: BakeRecord,
  images: readonly ArtifactRecord[],
): Promise<Evidence['retained']> {
  if (bake.startsAt === 'Build' || bake.reusesBake === undefined) return undefined;
  const built = images[0]?.reusedFrom ?? bake.reusesBake;
  if (bake.startsAt !== 'Approve') return { bake: built, startsAt: bake.startsAt, targets: [] };
  const channel = await readChannel(deps, bake);
  const fingerprint = keys.fingerprint(bake.pipeline, bake.bits, bake.proof);
  const known = isSameFingerprint(channel, bake)
    ? channel?.targets
    : (await readRecord(deps.table, fingerprint, FingerprintRecordSchema))?.targets;
  return { bake: built, startsAt: bake.startsAt, targets: known ?? [] };
}

/** Only targets that do not have the release yet: for the others it has been approved. */
function selectNewTargets(targets: readonly Target[], retained: Evidence['retained']): Target[] {
  if (retained?.startsAt !== 'Approve') return [...targets];
  return targets.flatMap((target) => {
    const { account, mode } = target;
    const regions = target.regions.filter(
      (region) => !retained.targets.includes(`${account}/${region}/${mode}`),
    );
    return regions.length === 0 ? [] : [{ ...target, regions }];
  });
}

/** A bake may take up any number of changes; the evidence holds the newest hundred. */
const CHANGES_SHOWN = 100;

/** The changes of a bake, each with the first one of its chain where that is another. */
export async function readChanges(
  deps: Pick<GatherEvidenceDeps, 'table'>,
  bake: Pick<BakeRecord, 'changes'>,
): Promise<Evidence['changes']> {
  const shown = bake.changes.slice(-CHANGES_SHOWN);
  const own = await readFound(deps.table, shown.map(keys.change), ChangeRecordSchema);
  const first = new Set(own.filter((change) => change.cause !== change.id).map((change) => change.cause));
  const causes = await readFound(deps.table, [...first].map(keys.change), ChangeRecordSchema);
  return own.map((change) => {
    const cause = causes.find((candidate) => candidate.id === change.cause);
    return { ...toShortChange(change), ...(cause === undefined ? {} : { cause: toShortChange(cause) }) };
  });
}

function toShortChange({ id, selector, from, to, at }: ChangeRecord) {
  return { id, selector, ...(from === undefined ? {} : { from }), to, at };
}

async function comparePackages(
  deps: GatherEvidenceDeps,
  bake: BakeRecord,
  image: ArtifactRecord,
): Promise<Evidence['packages'][number]> {
  const { variant, inventory, inventoryProblem } = image;
  const after = await readPackages(deps.documents, inventory);
  const diff = { added: [], removed: [], changed: [] };
  if (after === undefined) return { variant, total: 0, diff, unknown: inventoryProblem ?? NOT_COLLECTED };
  const none = { variant, total: after.length, diff };
  const current = await readChannel(deps, bake);
  if (current === undefined) return none;
  const released = await readRecord(deps.table, keys.artifact(current.bake, variant), ArtifactRecordSchema);
  const before = await readPackages(deps.documents, released?.inventory);
  if (before === undefined) return none;
  return { ...none, against: current.release, diff: diffPackages(before, after) };
}

function readChannel(
  { table }: Pick<GatherEvidenceDeps, 'table'>,
  { pipeline, channel }: BakeRecord,
): Promise<ChannelRecord | undefined> {
  return readRecord(table, keys.channel(pipeline, channel), ChannelRecordSchema);
}
