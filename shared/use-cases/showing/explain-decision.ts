/** The recorded decision with what would end each of its reasons, which the pipeline's own rows have a say in. */
import type { Explanation } from '../../domain/api/planning.ts';
import { placesOf } from '../../domain/definitions/plan-inputs.ts';
import { keys } from '../../domain/naming.ts';
import { placesMissing, type Seen } from '../../domain/planning/wish.ts';
import { AttemptRecordSchema, BakeRecordSchema } from '../../domain/records/bakes.ts';
import { RevisionRecordSchema } from '../../domain/records/pipelines.ts';
import type { HoldReason } from '../../domain/records/planning.ts';
import { type Outlook, remediesOf } from '../../domain/telling/remedies.ts';
import type { Table } from '../../ports.ts';
import { read } from '../store/read.ts';

type Rows = Pick<Table, 'get'>;

export async function explainDecision(table: Rows, seen: Seen): Promise<Explanation['decision']> {
  const { decision, pipeline } = seen.planning;
  if (decision === undefined) return undefined;
  const making = decision.reasons.find(({ makesWanted }) => makesWanted === true);
  const isDone = making !== undefined && (await isLast(table, seen, making));
  const outlook = { ...outlookOf(seen), isDone };
  return {
    ...decision,
    reasons: decision.reasons.map((reason) => ({
      ...reason,
      remedies: remediesOf(reason, pipeline, outlook),
    })),
  };
}

/** What would keep it from baking, were there something newer. */
function outlookOf({ pipeline, planning, ticks }: Seen): Outlook {
  const { plan, enabled } = pipeline;
  const schedule = plan.mode === 'schedule' ? plan.schedule : undefined;
  const failed = planning.consecutiveFailures >= plan.maxFailures;
  const rests: Outlook['rests'] = [
    // Whoever enables it has its failures forgotten.
    ...(enabled ? [] : ['disabled' as const]),
    ...(enabled && failed ? ['too-many-failures' as const] : []),
    ...(plan.pinned ? ['pinned' as const] : []),
    ...(plan.mode === 'manual' ? ['manual' as const] : []),
    ...(schedule === undefined || ticks?.next !== undefined ? [] : ['schedule' as const]),
  ];
  if (schedule === undefined) return { rests };
  return { rests, schedule: { isAlways: schedule.startCondition === 'always', next: ticks?.next } };
}

/** Whether no bake follows the one that makes what is wanted: nothing does, but to targets that are new since it began. */
async function isLast(table: Rows, { pipeline }: Seen, { bake: id = '' }: HoldReason): Promise<boolean> {
  const bake = await read(table, keys.bake(id), BakeRecordSchema);
  if (bake === undefined) return true;
  const [attempt, revision] = await Promise.all([
    read(table, keys.attempt(id, bake.attempt), AttemptRecordSchema),
    read(table, keys.revision(bake.pipeline, bake.revision), RevisionRecordSchema),
  ]);
  // Whoever cancels it wants none of it; what newer versions overtook is wanted again, as they are gone.
  if (attempt?.endRequested !== undefined) return attempt.endRequested.as === 'cancelled';
  const places = revision === undefined ? undefined : placesOf(revision.definition);
  return placesMissing(pipeline.plan.places, places).length === 0;
}
