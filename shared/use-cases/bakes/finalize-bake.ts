/**
 * Ends bakes whose machine could not do it itself: it was stopped, ran out of time, or failed while it recorded its failure. Called for every
 * status change of a bake's execution, and by a periodic check of attempts that stay in one state for too long.
 */

import type { WorkflowFailure } from '../../domain/bakes/outcomes.ts';
import type { BakeRef } from '../../domain/bakes/payloads.ts';
import { assertNever } from '../../domain/base/errors.ts';
import { due, executionName, keys, parseExecutionName } from '../../domain/base/naming.ts';
import { isTerminal } from '../../domain/records/attempt-states.ts';
import { type AttemptRecord, AttemptRecordSchema, listBuilds } from '../../domain/records/bakes.ts';
import type { ExecutionStatus, Workflows } from '../../ports/workflows.ts';
import { readAttempt, readImages } from '../store/bakes.ts';
import { readDue, readRecord } from '../store/read.ts';
import { tryWrite } from '../store/try-write.ts';
import { type CleanUpDeps, cleanUpBake } from './clean-up-bake.ts';
import { findExecution } from './executions.ts';
import { type RecordOutcomeDeps, recordOutcome } from './record-outcome.ts';

export interface FinalizeBakeDeps extends Omit<CleanUpDeps, 'workflows'>, RecordOutcomeDeps {
  readonly workflows: Pick<Workflows, 'stop' | 'executionArn' | 'describe'>;
}

const ATTEMPTS_AT_ONCE = 50;
const CHECK_AGAIN_SECONDS = 900;
/** After trouble. */
const RETRY_SECONDS = 60;

/** Handles the status change of an execution. Returns the result, for the log. */
export async function finalizeBake(
  deps: FinalizeBakeDeps,
  execution: { readonly name: string } & ExecutionStatus,
): Promise<'not-ours' | 'nothing-to-do' | AttemptRecord['state']> {
  const parsed = parseExecutionName(execution.name);
  if (parsed?.machine !== 'bake') return 'not-ours';
  const ref: BakeRef = { bake: parsed.bake, attempt: parsed.attempt };
  const attempt = await readRecord(deps.table, keys.attempt(ref.bake, ref.attempt), AttemptRecordSchema);
  if (attempt === undefined) return 'not-ours';
  if (isTerminal(attempt.state)) return 'nothing-to-do';
  const error = toWorkflowFailure(execution);
  if (error === undefined) return 'nothing-to-do';

  // 1. A fence first: what is under way for the attempt ends by itself.
  if (execution.status === 'ABORTED') await recordEndRequest(deps, ref);
  // 2. Then as the machine would have done it: the end is recorded whether everything could be taken away or not.
  const [cleanUp] = await Promise.allSettled([cleanUpBake(deps, ref)]);
  const { state } = await recordOutcome(deps, { ...ref, error });
  // What is left is found again by the last clean-up, which follows every recorded end.
  if (cleanUp.status === 'rejected') throw cleanUp.reason;
  return state;
}

function toWorkflowFailure({ status, error, cause }: ExecutionStatus): WorkflowFailure | undefined {
  switch (status) {
    case 'RUNNING':
    case 'SUCCEEDED':
      return undefined;
    case 'FAILED':
      return { name: error ?? 'States.TaskFailed', cause: cause ?? 'The execution failed without a cause.' };
    case 'TIMED_OUT':
      return { name: 'States.Timeout', cause: cause ?? 'The bake ran longer than it may.' };
    case 'ABORTED':
      return { name: 'States.Aborted', cause: cause ?? 'The execution was stopped at Step Functions.' };
    default:
      return assertNever(status);
  }
}

async function recordEndRequest(deps: FinalizeBakeDeps, ref: BakeRef): Promise<void> {
  const endRequested = {
    as: 'cancelled',
    by: 'somebody who stopped its execution at Step Functions',
    at: deps.clock.now().toISOString(),
  };
  // The request that stopped it may have recorded this already.
  await tryWrite(deps.table, [
    {
      update: keys.attempt(ref.bake, ref.attempt),
      set: { endRequested },
      when: { exists: true, equals: { endRequested: null } },
    },
  ]);
}

export interface SweptAttempts {
  readonly looked: number;
  readonly ended: number;
  readonly cleaned: number;
  /** Errors of single attempts, which do not stop the sweep of the others. */
  readonly problems: readonly (BakeRef & { readonly error: unknown })[];
}

/** Checks attempts that are due: ended ones are cleaned up a last time, open ones whose execution has ended are ended. Reconciling starts queued ones. */
export async function sweepAttempts(deps: FinalizeBakeDeps): Promise<SweptAttempts> {
  const found = await readDue(deps, due.attempt, AttemptRecordSchema, ATTEMPTS_AT_ONCE, isFinalizable);
  const counts = { ended: 0, cleaned: 0 };
  const problems: (BakeRef & { error: unknown })[] = [];
  for (const { bake, attempt } of found) {
    try {
      const came = await sweepAttempt(deps, { bake, attempt });
      if (came !== undefined) counts[came] += 1;
    } catch (error) {
      problems.push({ bake, attempt, error });
      await postponeCheck(deps, { bake, attempt }, RETRY_SECONDS);
    }
  }
  return { looked: found.length, ...counts, problems };
}

async function sweepAttempt(deps: FinalizeBakeDeps, ref: BakeRef): Promise<'ended' | 'cleaned' | undefined> {
  // The index lags behind; the row decides.
  const attempt = await readAttempt(deps, ref);
  if (isTerminal(attempt.state)) {
    if (attempt.state === 'released') await forgetBuilds(deps, attempt);
    if (attempt.state === 'released' || attempt.cleanedUp) await clearDueTime(deps, attempt);
    else await cleanUpBake(deps, attempt);
    return 'cleaned';
  }
  if (isFinalizable(attempt) && (await finalizeIfStopped(deps, attempt))) return 'ended';
  return undefined;
}

/** The engine's records of a build are limited in number, and nothing reads them once its image is released. A retained image's are gone already. */
async function forgetBuilds(deps: FinalizeBakeDeps, ref: BakeRef): Promise<void> {
  for (const image of await readImages(deps, ref.bake))
    if (image.attempt === ref.attempt && image.reusedFrom === undefined)
      for (const build of listBuilds(image)) await deps.engines[image.engine]().forget(build);
}

/** Makes the attempt due later than all that are due now, so that one that fails every time does not hold them up. */
async function postponeCheck(deps: FinalizeBakeDeps, ref: BakeRef, seconds: number): Promise<void> {
  const dueSk = new Date(deps.clock.now().getTime() + seconds * 1000).toISOString();
  await deps.table.write([{ update: keys.attempt(ref.bake, ref.attempt), set: { dueSk } }]);
}

/** A queued attempt is started by the sweep, unless its end was requested first. */
function isFinalizable(attempt: AttemptRecord): boolean {
  return attempt.state !== 'queued' || attempt.endRequested !== undefined;
}

async function finalizeIfStopped(deps: FinalizeBakeDeps, attempt: AttemptRecord): Promise<boolean> {
  const name = executionName({ bake: attempt.bake, attempt: attempt.attempt, machine: 'bake' });
  // An execution that is gone altogether was deleted with its machine.
  const found = (await deps.workflows.describe(findExecution(deps.workflows, attempt))) ?? {
    status: 'ABORTED' as const,
  };
  if (found.status !== 'RUNNING') {
    const state = await finalizeBake(deps, { name, ...found });
    return state !== 'nothing-to-do';
  }
  await postponeCheck(deps, attempt, CHECK_AGAIN_SECONDS);
  return false;
}

async function clearDueTime(deps: FinalizeBakeDeps, attempt: AttemptRecord): Promise<void> {
  await deps.table.write([
    { update: keys.attempt(attempt.bake, attempt.attempt), remove: ['duePk', 'dueSk'] },
  ]);
}
