/** The recorded decision with what would end each of its reasons, which the pipeline's own rows have a say in. */
import type { Explanation } from '../../domain/api/explanation.ts';
import { keys } from '../../domain/base/naming.ts';
import { listTargetsNotIn, type ObservedPipeline } from '../../domain/reconcile/desired.ts';
import { listOwnHolds, listRemedies } from '../../domain/reconcile/holds.ts';
import { listTargets } from '../../domain/reconcile/pipeline-spec.ts';
import { combineRemedies, type Outlook } from '../../domain/reconcile/remedies.ts';
import { AttemptRecordSchema, BakeRecordSchema } from '../../domain/records/bakes.ts';
import { RevisionRecordSchema } from '../../domain/records/pipelines.ts';
import type { HoldReason } from '../../domain/records/status.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Table } from '../../ports/table.ts';
import { readRecord } from '../store/read.ts';

type Rows = Pick<Table, 'get'>;

export async function explainDecision(
  { table, clock }: { readonly table: Rows; readonly clock: Clock },
  observed: ObservedPipeline,
): Promise<Explanation['decision']> {
  const { decision, pipeline } = observed.status;
  if (decision === undefined) return undefined;
  const making = decision.reasons.find(({ buildsDesired }) => buildsDesired === true);
  const isDone = making !== undefined && (await isLastBake(table, observed, making));
  const outlook = { ...toOutlook(observed, clock.now()), isDone };
  const remedies = combineRemedies(decision.reasons.map((reason) => listRemedies(reason, pipeline, outlook)));
  return {
    ...decision,
    reasons: decision.reasons.map((reason, index) => ({ ...reason, remedies: remedies[index] ?? [] })),
  };
}

/** What would keep the pipeline from baking newer versions. Nothing of these versions, of a tick that came or of a request says so. */
function toOutlook(observed: ObservedPipeline, now: Date): Outlook {
  const { pipeline, ticks } = observed;
  const { request: _, ...status } = observed.status;
  const { open: __, ...idleTicks } = ticks ?? {};
  const idle = { ...observed, status, ticks: idleTicks };
  const holds = listOwnHolds({
    observed: idle,
    fingerprint: undefined,
    unconfirmed: [],
    frozen: undefined,
    now,
  });
  const lasting = holds.filter((hold) => hold.until === undefined);
  const schedule = pipeline.spec.mode === 'schedule' ? pipeline.spec.schedule : undefined;
  return {
    rests: lasting.map((hold) => listRemedies(hold, pipeline.name)),
    ...(schedule && { schedule: { isAlways: schedule.startCondition === 'always', next: ticks?.next } }),
  };
}

/** Whether no bake follows the one that makes what is wanted: nothing does, but to targets that are new since it began. */
async function isLastBake(
  table: Rows,
  { pipeline }: ObservedPipeline,
  { bake: id = '' }: HoldReason,
): Promise<boolean> {
  const bake = await readRecord(table, keys.bake(id), BakeRecordSchema);
  if (bake === undefined) return true;
  const [attempt, revision] = await Promise.all([
    readRecord(table, keys.attempt(id, bake.attempt), AttemptRecordSchema),
    readRecord(table, keys.revision(bake.pipeline, bake.revision), RevisionRecordSchema),
  ]);
  // A cancelled bake is not wanted again; one that newer versions superseded is, as those versions are gone.
  if (attempt?.endRequested !== undefined) return attempt.endRequested.as === 'cancelled';
  const targets = revision === undefined ? undefined : listTargets(revision.definition);
  return listTargetsNotIn(pipeline.spec.targets, targets).length === 0;
}
