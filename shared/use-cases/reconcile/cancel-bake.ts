/**
 * Ends a bake before its release on request. The request is one conditional write that everything under way for the attempt sees; the stopped
 * execution then has it cleaned up and recorded (finalize-bake.ts).
 */

import { BakeNotCancellable } from '../../domain/base/errors.ts';
import { due, keys } from '../../domain/base/naming.ts';
import { ATTEMPT_STATES, type AttemptState, isTerminal } from '../../domain/records/attempt-states.ts';
import type { AttemptRecord } from '../../domain/records/bakes.ts';
import type { Workflows } from '../../ports/workflows.ts';
import { findExecution } from '../bakes/executions.ts';
import { type RecordOutcomeDeps, recordOutcome } from '../bakes/record-outcome.ts';
import { readAttempt, readBake } from '../store/bakes.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';

export interface CancelBakeDeps extends RecordOutcomeDeps {
  readonly workflows: Pick<Workflows, 'stop' | 'executionArn' | 'describe'>;
}

interface EndRequest {
  readonly bake: string;
  /** Who asked: an ARN or a mail address. */
  readonly by: string;
}

const CHECK_AGAIN_SECONDS = 60;
/** Once pointers may have moved a bake goes on to its end; what it released can be rolled back. */
const CANCELLABLE: readonly AttemptState[] = ATTEMPT_STATES.filter(
  (state) => !isTerminal(state) && state !== 'releasing',
);

/** The attempt as it is now; its terminal state follows within moments. Cancelling a cancelled bake changes nothing. */
export async function cancelBake(deps: CancelBakeDeps, request: EndRequest): Promise<AttemptRecord> {
  const failure = `Bake ${request.bake} kept changing while it was cancelled; try again.`;
  const ending = await retryOnConflict(failure, async () => {
    const bake = await readBake(deps, request.bake);
    const attempt = await readAttempt(deps, { bake: bake.id, attempt: bake.attempt });
    if (attempt.state === 'cancelled') return attempt;
    if (!CANCELLABLE.includes(attempt.state)) throw toNotCancellable(attempt);
    if (attempt.endRequested === undefined) await recordEndRequest(deps, attempt, request);
    return attempt;
  });
  return ending.state === 'cancelled' ? ending : stopExecution(deps, ending, request);
}

async function recordEndRequest(
  deps: CancelBakeDeps,
  attempt: AttemptRecord,
  request: EndRequest,
): Promise<void> {
  const now = deps.clock.now();
  // Should the event of the stopped execution be lost, the next sweep finds it.
  const dueSk = new Date(now.getTime() + CHECK_AGAIN_SECONDS * 1000).toISOString();
  const endRequested = { as: 'cancelled', by: request.by, at: now.toISOString() };
  await deps.table.write([
    {
      update: keys.attempt(attempt.bake, attempt.attempt),
      set: { endRequested, duePk: due.attempt, dueSk },
      when: { oneOf: { state: CANCELLABLE }, equals: { endRequested: null } },
    },
  ]);
}

async function stopExecution(
  deps: CancelBakeDeps,
  attempt: AttemptRecord,
  request: EndRequest,
): Promise<AttemptRecord> {
  const ref = { bake: attempt.bake, attempt: attempt.attempt };
  const execution = findExecution(deps.workflows, attempt);
  if ((await deps.workflows.describe(execution)) === undefined) {
    // It was still queued: there is no execution whose end would record it, and nothing to clean up.
    await recordOutcome(deps, { ...ref, error: { name: 'AttemptEnded', cause: '' } });
  } else {
    await deps.workflows.stop(execution, `Ended by ${request.by}`.slice(0, 256));
  }
  return await readAttempt(deps, ref);
}

function toNotCancellable(attempt: AttemptRecord): BakeNotCancellable {
  const why = isTerminal(attempt.state)
    ? `it is ${attempt.state} already`
    : `it is ${attempt.state} and runs to its end; the release can be rolled back afterwards`;
  return new BakeNotCancellable(`Bake ${attempt.bake} cannot be ended now: ${why}.`, {
    bake: attempt.bake,
    state: attempt.state,
  });
}
