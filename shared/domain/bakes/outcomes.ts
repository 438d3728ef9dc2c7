/** What an error that ended a state machine means for the attempt. Pure. */
import * as z from 'zod';
import { STEPS, type StepName, type TerminalState } from '../records/attempt-states.ts';
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
  const isTruncated = parsed === undefined && failure.cause.startsWith('{');
  if (isTruncated) return findTruncatedCause(failure);
  return { name: failure.name, reason: failure.cause === '' ? failure.name : failure.cause };
}

/** The message of a function in a description that was cut off, in which every nested execution has escaped it once more. */
function findTruncatedCause({ name, cause }: WorkflowFailure): { name: string; reason: string } {
  const found = /(?<escapes>\\*)"errorMessage\k<escapes>":\k<escapes>"(?<rest>.*)/s.exec(cause)?.groups;
  if (found === undefined) return { name, reason: name };
  const { escapes = '', rest = '' } = found;
  const end = new RegExp(`(?<!\\\\)${escapes.replaceAll('\\', '\\\\')}"`).exec(rest)?.index;
  const reason = rest.slice(0, end).replaceAll(/\\+"/g, '"').replaceAll(/\\+n/g, ' ').replace(/\\+$/, '');
  const type = /"errorType\\*":\\*"(\w+)/.exec(cause)?.[1];
  return {
    name: name === 'States.TaskFailed' ? (type ?? name) : name,
    reason: reason === '' ? name : reason,
  };
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

/** The outcome of the error, unless a requested end has caused it: that decides the state. */
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
 * The fingerprint after the end of an attempt: a decision against it refuses it, a failure counts, a newer lock leaves it as it was. One with a
 * retained release stays released. `isCurrent`: that release is the one in the channel, so that only the targets it was to go to are refused.
 */
export function applyOutcome(
  outcome: AttemptOutcome,
  { refusedBy: _, ...before }: FingerprintRecord,
  { maxFailures, at, isCurrent = false }: { maxFailures: number; at: string; isCurrent?: boolean },
): FingerprintRecord {
  const { reason } = outcome.failure;
  if (before.retained !== undefined)
    return applyOutcomeToRetained(outcome, before, before.retained, at, isCurrent);
  switch (outcome.state) {
    case 'rejected':
    case 'expired':
    case 'cancelled':
      return { ...before, state: 'refused', refusedBy: outcome.state, reason };
    case 'superseded':
      return { ...before, state: 'failed', reason };
    case 'failed': {
      const failed = { ...before, ...countFailure(outcome, before), lastFailureAt: at, reason };
      return failed.failures < maxFailures || !isCounted(outcome)
        ? { ...failed, state: 'failed' }
        : { ...failed, state: 'refused', refusedBy: 'failures' };
    }
  }
}

/** Want of room says nothing of the image: it puts the next attempt off, and neither refuses the versions nor stops the pipeline. */
export function isCounted({ failure }: AttemptOutcome): boolean {
  return failure.name !== 'NoCapacity';
}

function countFailure(
  outcome: AttemptOutcome,
  { failures, shortages = 0 }: FingerprintRecord,
): Pick<FingerprintRecord, 'failures' | 'shortages'> {
  return isCounted(outcome) ? { failures: failures + 1 } : { failures, shortages: shortages + 1 };
}

/** True when it failed too often, built or pointed to again, and no person decided against it. */
export function hasFailedTooOften(fingerprint: FingerprintRecord, maxFailures: number): boolean {
  const { state, failures, refusedBy } = fingerprint;
  return failures >= maxFailures && (state === 'released' || refusedBy === 'failures');
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
      return {
        ...released,
        ...countFailure({ state, failure }, before),
        lastFailureAt: at,
        reason: failure.reason,
      };
    case 'rejected':
    case 'expired':
    case 'cancelled':
      return isCurrent ? released : { ...before, state: 'refused', refusedBy: state, reason: failure.reason };
  }
}

/** True when the attempt ended by a person's decision, or for want of one. */
export function isRefusedByPeople({ state }: AttemptOutcome): boolean {
  return state === 'rejected' || state === 'expired' || state === 'cancelled';
}

/** The step in which an attempt was when it ended. */
export function findStepByState(state: AttemptRecord['state']): StepName {
  if (state === 'released') return 'Release';
  return STEPS.find((step) => step.state === state)?.name ?? 'Preflight';
}
