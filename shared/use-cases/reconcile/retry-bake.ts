/**
 * A person tries a bake again that ended without a release: a new attempt with the same lock, without the wait of a back-off, a schedule or an
 * ancestor. Only a forced one starts in a freeze window. What is no longer wanted is not tried again.
 */

import { isKept, KEPT_SECONDS } from '../../domain/bakes/kept-images.ts';
import { BakeNotRetryable, PipelineFrozen } from '../../domain/base/errors.ts';
import { due, keys } from '../../domain/base/naming.ts';
import { describeTime } from '../../domain/base/text.ts';
import { isSameFingerprint, listTargetsNotIn } from '../../domain/reconcile/desired.ts';
import type { FreezeEnd } from '../../domain/reconcile/observed.ts';
import { type AttemptState, isTerminal } from '../../domain/records/attempt-states.ts';
import type { AttemptRecord, BakeRecord } from '../../domain/records/bakes.ts';
import { FingerprintRecordSchema, type PipelineStatus } from '../../domain/records/status.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Write } from '../../ports/table.ts';
import type { Workflows } from '../../ports/workflows.ts';
import { startExecution } from '../bakes/executions.ts';
import type { StepDeps } from '../bakes/steps.ts';
import { acquireSlotOverLimit, slotKeys } from '../capacity/slots.ts';
import { readAttempt, readBakeAndRevision } from '../store/bakes.ts';
import { readRecord } from '../store/read.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import { readDesired } from './read-ancestors.ts';
import { findFreeze } from './schedule-times.ts';
import { startedEventWrite } from './start-bake.ts';

export interface RetryBakeDeps extends StepDeps, Pick<Ports, 'ids' | 'digest' | 'calendar'> {
  readonly workflows: Pick<Workflows, 'startBake'>;
}

/** A queued attempt without an execution is started by the sweep, should starting it fail here. */
const START_WITHIN_SECONDS = 60;
const RETRYABLE: readonly AttemptState[] = ['failed', 'rejected', 'expired', 'cancelled'];

export interface RetryRequest {
  readonly bake: string;
  readonly by: string;
  /** In a freeze window, too. */
  readonly force: boolean;
}

/** The new attempt. Throws BakeNotRetryable or PipelineFrozen, which say why there is none. */
export async function retryBake(deps: RetryBakeDeps, request: RetryRequest): Promise<AttemptRecord> {
  const failure = `Bake ${request.bake} kept changing while it was to be tried again.`;
  const queued = await retryOnConflict(failure, async () => {
    const { bake, revision } = await readBakeAndRevision(deps, request.bake);
    const last = await readAttempt(deps, { bake: bake.id, attempt: bake.attempt });
    if (!RETRYABLE.includes(last.state)) throw toNotRetryable(bake, last.state);
    return queueAttempt(deps, bake, last, revision.definition.team, request);
  });
  return startAttempt(deps, queued);
}

/** The attempt that was recorded. Throws WriteConflict when a row that this rests on changed meanwhile. */
async function queueAttempt(
  deps: RetryBakeDeps,
  bake: BakeRecord,
  last: AttemptRecord,
  team: string,
  { by, force }: RetryRequest,
): Promise<AttemptRecord> {
  const now = deps.clock.now();
  const at = now.toISOString();
  const { observed, desiredState } = await readDesired(deps, bake.pipeline);
  const { status } = observed;
  if (status.activeBake !== undefined) {
    throw new BakeNotRetryable(
      `${bake.pipeline} is baking ${status.activeBake}; wait for its end, or cancel it first.`,
      { bake: bake.id, active: status.activeBake },
    );
  }
  if (!desiredState.known || !isSameFingerprint(bake, desiredState.desired)) throw toOutdatedError(bake);
  const { channel } = observed;
  // Targets that a person refused are wanted again by the request.
  if (
    isSameFingerprint(channel, bake) &&
    listTargetsNotIn(observed.pipeline.spec.targets, channel?.targets).length === 0
  )
    throw toNeedlessError(bake, channel?.release);
  const freeze = force ? undefined : findFreeze(deps.calendar, observed.pipeline.spec, now);
  if (freeze !== undefined) throw toFrozenError(bake, freeze);
  const continues = isKept(last, now) ? { continues: last.attempt } : {};
  const attempt: AttemptRecord = {
    bake: bake.id,
    attempt: bake.attempt + 1,
    state: 'queued',
    startedAt: at,
    requestedBy: by,
    ...continues,
    cleanedUp: false,
    // A request takes a slot out of turn; the slot counts all the same.
    capacity: slotKeys({ team }),
  };
  const reason = `Attempt ${attempt.attempt}, requested by ${by}. ${bake.reason}`;
  const dueSk = new Date(now.getTime() + START_WITHIN_SECONDS * 1000).toISOString();
  await deps.table.write([
    {
      put: { ...keys.attempt(bake.id, attempt.attempt), ...attempt, duePk: due.attempt, dueSk },
      when: { exists: false },
    },
    {
      update: keys.bake(bake.id),
      set: { attempt: attempt.attempt, state: 'queued' },
      remove: ['endedAt'],
      when: { equals: { attempt: bake.attempt, state: bake.state } },
    },
    {
      update: keys.status(bake.pipeline),
      set: { activeBake: bake.id, ...omitTakenUp(status, bake) },
      remove: ['heldByAncestors'],
      add: { version: 1 },
      when: { equals: { version: status.version, activeBake: null } },
    },
    await fingerprintWrite(deps, bake),
    ...keepLongerWrites(last, now),
    ...attempt.capacity.map(acquireSlotOverLimit),
    startedEventWrite(deps, { ...bake, attempt: attempt.attempt, reason }, { team, at }),
  ]);
  return attempt;
}

/** What the new attempt goes on with must not end before it has taken it over. */
function keepLongerWrites(last: AttemptRecord, now: Date): Write[] {
  if (!isKept(last, now)) return [];
  const keptUntil = new Date(now.getTime() + KEPT_SECONDS * 1000).toISOString();
  return [
    {
      update: keys.attempt(last.bake, last.attempt),
      set: { keptUntil },
      when: { equals: { keptUntil: last.keptUntil ?? null, cleanedUp: false } },
    },
  ];
}

/** What the bake was started for is its own again; should it fail once more, it comes back. */
function omitTakenUp(status: PipelineStatus, bake: BakeRecord): Pick<PipelineStatus, 'changes' | 'causes'> {
  const changes = status.changes.filter((id) => !bake.changes.includes(id));
  return { changes, causes: changes.length === 0 ? [] : status.causes };
}

/** A release with these versions stays retained, whatever becomes of the new attempt. */
async function fingerprintWrite(deps: RetryBakeDeps, bake: BakeRecord): Promise<Write> {
  const key = keys.fingerprint(bake.pipeline, bake.bits, bake.proof);
  const known = await readRecord(deps.table, key, FingerprintRecordSchema);
  const set = { state: 'baking', bake: bake.id };
  if (known === undefined) return { update: key, set };
  const retained = known.state === 'released' ? { retained: known.bake } : {};
  return {
    update: key,
    set: { ...set, ...retained },
    remove: ['refusedBy'],
    when: { equals: { state: known.state, bake: known.bake } },
  };
}

async function startAttempt(deps: RetryBakeDeps, attempt: AttemptRecord): Promise<AttemptRecord> {
  const execution = await startExecution(deps.workflows, attempt);
  await deps.table.write([{ update: keys.attempt(attempt.bake, attempt.attempt), set: { execution } }]);
  return { ...attempt, execution };
}

/** What a release is made of only moves forward: an older lock would only be replaced again. */
function toOutdatedError(bake: BakeRecord): BakeNotRetryable {
  const message = `Bake ${bake.id} cannot be tried again: ${bake.pipeline} would be made of other versions now. Bake those with: ovenbird bake ${bake.pipeline}`;
  return new BakeNotRetryable(message, { bake: bake.id, pipeline: bake.pipeline });
}

function toFrozenError(bake: BakeRecord, { until, reason }: FreezeEnd): PipelineFrozen {
  const message = `${bake.pipeline} is frozen until ${describeTime(until)}: ${reason}. Retry bake ${bake.id} after that, or now with: ovenbird retry ${bake.id} --force`;
  return new PipelineFrozen(message, { bake: bake.id, pipeline: bake.pipeline, until, reason });
}

/** Another bake has made it meanwhile (rule 2). */
function toNeedlessError(bake: BakeRecord, release: string | undefined): BakeNotRetryable {
  const message = `Bake ${bake.id} need not be tried again: release ${release} has exactly what it was to make. To bake that once more: ovenbird bake ${bake.pipeline} --force`;
  return new BakeNotRetryable(message, { bake: bake.id, pipeline: bake.pipeline, release });
}

function toNotRetryable(bake: BakeRecord, state: AttemptState): BakeNotRetryable {
  const why = isTerminal(state) ? `it is ${state}` : `it still runs (${state})`;
  return new BakeNotRetryable(`Bake ${bake.id} cannot be tried again: ${why}.`, { bake: bake.id, state });
}
