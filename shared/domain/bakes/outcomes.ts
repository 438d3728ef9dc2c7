/** What an error that ended a state machine means for the attempt. Pure. */
import * as z from 'zod';
import type { StepName, TerminalState } from '../records/attempt-states.ts';
import type { AttemptRecord, Failure } from '../records/bakes.ts';
import type { FingerprintRecord } from '../records/status.ts';

export interface WorkflowFailure {
  readonly name: string;
  readonly cause: string;
}

/** Description of a failed child execution in the cause of States.TaskFailed (step-functions/dg/connect-stepfunctions). */
const ChildSchema = z.object({
  Status: z.string(),
  Error: z.string().optional(),
  Cause: z.string().optional(),
  Name: z.string().optional(),
});
/** Cause of a failed Lambda task (step-functions/dg/connect-lambda). */
const LambdaErrorSchema = z.object({ errorType: z.string().optional(), errorMessage: z.string() });

/** At most that many machines are nested in each other; a cause that goes on is shown as it is. */
const DEPTH = 4;

/** Follows the causes of nested executions down to the error that started it, as an error name and a sentence. */
export function findRootCause(failure: WorkflowFailure, depth = 0): { name: string; reason: string } {
  const parsed = parse(failure.cause);
  const child = ChildSchema.safeParse(parsed);
  if (child.success && depth < DEPTH) {
    const { Status, Error: name, Cause: cause, Name: execution } = child.data;
    if (name !== undefined) return findRootCause({ name, cause: cause ?? '' }, depth + 1);
    const reason = `The nested execution ${execution ?? ''} ended as ${Status}.`.replace('  ', ' ');
    return { name: Status === 'TIMED_OUT' ? 'States.Timeout' : failure.name, reason };
  }
  const lambda = LambdaErrorSchema.safeParse(parsed);
  if (lambda.success) {
    const name = failure.name === 'States.TaskFailed' ? lambda.data.errorType : failure.name;
    return { name: name ?? failure.name, reason: lambda.data.errorMessage };
  }
  const truncatedOff = parsed === undefined && failure.cause.startsWith('{');
  return { name: failure.name, reason: failure.cause === '' || truncatedOff ? failure.name : failure.cause };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface AttemptOutcome {
  readonly state: Exclude<TerminalState, 'released'>;
  readonly failure: Omit<Failure, 'step'>;
}

/** An end that somebody asked for wins over whatever error it caused. */
export function classifyFailure(
  failure: WorkflowFailure,
  endRequested: AttemptRecord['endRequested'],
): AttemptOutcome {
  const { name, reason } = findRootCause(failure);
  if (endRequested !== undefined) {
    const verb = endRequested.as === 'cancelled' ? 'Cancelled' : 'Superseded';
    return { state: endRequested.as, failure: { name, reason: `${verb} by ${endRequested.by}` } };
  }
  if (name === 'ApprovalRejected') return { state: 'rejected', failure: { name, reason } };
  if (name === 'ApprovalExpired') return { state: 'expired', failure: { name, reason } };
  // A person stopped the execution at AWS itself.
  if (name === 'States.Aborted') return { state: 'cancelled', failure: { name, reason } };
  return { state: 'failed', failure: { name, reason } };
}

/**
 * What the end of an attempt does to its fingerprint: a decision against it refuses it, a failure counts, a newer lock leaves it as it was. One
 * that has a kept release stays released, whatever becomes of the attempt to bring it somewhere: `isCurrent` where that release is the one in
 * the channel, so that nothing has to be refused but the places it was to go to.
 */
export function applyOutcome(
  outcome: AttemptOutcome,
  before: FingerprintRecord,
  maxFailures: number,
  at: string,
  isCurrent = false,
): FingerprintRecord {
  const { reason } = outcome.failure;
  if (before.retained !== undefined)
    return applyOutcomeToRetained(outcome, before, before.retained, at, isCurrent);
  switch (outcome.state) {
    case 'rejected':
    case 'expired':
    case 'cancelled':
      return { ...before, state: 'refused', reason: `${outcome.state}: ${reason}` };
    case 'superseded':
      return { ...before, state: 'failed', reason };
    case 'failed': {
      const failures = before.failures + 1;
      const state = failures >= maxFailures ? 'refused' : 'failed';
      return { ...before, state, failures, lastFailureAt: at, reason };
    }
  }
}

const DECIDED = /^(?:rejected|expired|cancelled): /;

/** It failed too often, built or pointed to again, and nobody decided against it. */
export function hasFailedTooOften(fingerprint: FingerprintRecord, maxFailures: number): boolean {
  const { state, failures, reason = '' } = fingerprint;
  if (failures < maxFailures) return false;
  return state === 'released' || (state === 'refused' && !DECIDED.test(reason));
}

/** Failures count, so that the next try waits; the pipeline stops after too many in a row. */
function applyOutcomeToRetained(
  { state, failure }: AttemptOutcome,
  before: FingerprintRecord,
  retained: string,
  at: string,
  isCurrent: boolean,
): FingerprintRecord {
  const { retained: _, ...rest } = before;
  const released: FingerprintRecord = { ...rest, bake: retained, state: 'released' };
  switch (state) {
    case 'superseded':
      return released;
    case 'failed':
      return { ...released, failures: before.failures + 1, lastFailureAt: at, reason: failure.reason };
    case 'rejected':
    case 'expired':
    case 'cancelled':
      return isCurrent ? released : { ...before, state: 'refused', reason: `${state}: ${failure.reason}` };
  }
}

/** Whether the attempt ended because somebody said no, or nobody said yes. */
export function isRefusedByPeople({ state }: AttemptOutcome): boolean {
  return state === 'rejected' || state === 'expired' || state === 'cancelled';
}

/** The step in which an attempt was when it ended. */
export function findStepByState(state: AttemptRecord['state']): StepName {
  switch (state) {
    case 'building':
      return 'Build';
    case 'testing':
      return 'Test';
    case 'gating':
      return 'Gate';
    case 'awaiting-approval':
      return 'Approve';
    case 'distributing':
      return 'Distribute';
    case 'releasing':
    case 'released':
      return 'Release';
    default:
      return 'Preflight';
  }
}
