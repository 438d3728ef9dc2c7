/**
 * Decides about one pipeline and carries the decision out. The version of the status row fences the write: of two runs side by side, or of a run and
 * a change that comes meanwhile, one loses and reads again.
 */

import { assertNever, PipelineNotFound } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { type Decision, decide } from '../../domain/reconcile/decide.ts';
import type { PipelineRows } from '../../domain/reconcile/desired.ts';
import { findHoldKind, isWaitingForAncestors } from '../../domain/reconcile/holds.ts';
import { AttemptRecordSchema, BakeRecordSchema } from '../../domain/records/bakes.ts';
import type { HoldReason, PipelineStatus } from '../../domain/records/status.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Workflows } from '../../ports/workflows.ts';
import { findExecution, startExecution } from '../bakes/executions.ts';
import { enqueueDependents, isHeldByAncestorsOnly } from '../graph/enqueue-dependents.ts';
import { readRecord } from '../store/read.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import { type ObserveDeps, type ObservedRows, observe } from './observe.ts';
import { readPipelineRows } from './read-ancestors.ts';
import { recordHold, recordInProgress, recordUpToDate } from './record-decision.ts';
import { startBake } from './start-bake.ts';
import { supersedeBake } from './supersede-bake.ts';

export interface ReconcileDeps extends ObserveDeps, Pick<Ports, 'ids' | 'reconcileQueue'> {
  readonly workflows: Pick<Workflows, 'startBake' | 'stop' | 'executionArn'>;
}

export type ReconcileOutcome =
  | {
      readonly kind: 'started';
      readonly bake: string;
      readonly reason: string;
      readonly changes: readonly string[];
      readonly causes: readonly string[];
    }
  | { readonly kind: 'running'; readonly bake: string }
  | { readonly kind: 'up-to-date'; readonly release: string }
  | { readonly kind: 'held'; readonly reasons: readonly HoldReason[] }
  | { readonly kind: 'superseding'; readonly bake: string; readonly reason: HoldReason };

const ROUNDS = 6;
/** The queue's longest (AWSSimpleQueueService SendMessage DelaySeconds); what takes longer is the sweep's. */
const MAX_DELAY_SECONDS = 900;

export async function reconcilePipeline(deps: ReconcileDeps, name: string): Promise<ReconcileOutcome> {
  const reconcile = async () => {
    const head = await readPipelineRows(deps.table, name);
    const running = await findRunningBake(deps, head);
    if (running !== undefined) return running;
    const read = await observe(deps, name, head);
    return applyDecision(deps, read, decide(read.observation));
  };
  return retryOnConflict(`${name} kept changing while it was reconciled.`, reconcile, ROUNDS);
}

/**
 * The running bake of a pipeline that was marked by nothing since it started. Messages come twice, and every ancestor enqueues its dependents: such
 * a pipeline needs no second look at its ancestors.
 */
async function findRunningBake(
  deps: ReconcileDeps,
  { pipeline, status }: PipelineRows,
): Promise<ReconcileOutcome | undefined> {
  const { activeBake, dirty, request, changes } = status;
  const isAsked =
    dirty || request !== undefined || changes.length > 0 || pipeline.spec.schedule !== undefined;
  if (activeBake === undefined || isAsked) return undefined;
  const bake = await readRecord(deps.table, keys.bake(activeBake), BakeRecordSchema);
  if (bake === undefined) return undefined;
  const attempt = await readRecord(deps.table, keys.attempt(activeBake, bake.attempt), AttemptRecordSchema);
  if (attempt === undefined || attempt.endRequested !== undefined) return undefined;
  await ensureStarted(deps, { attempt });
  return { kind: 'running', bake: activeBake };
}

/** The same for a queued pipeline, which may have been deleted meanwhile. */
export async function reconcileIfExists(
  deps: ReconcileDeps,
  name: string,
): Promise<ReconcileOutcome | { kind: 'gone' }> {
  try {
    return await reconcilePipeline(deps, name);
  } catch (error) {
    if (error instanceof PipelineNotFound && error.facts.pipeline === name) return { kind: 'gone' };
    throw error;
  }
}

async function applyDecision(
  deps: ReconcileDeps,
  read: ObservedRows,
  decision: Decision,
): Promise<ReconcileOutcome> {
  const { observed } = read.observation;
  const { name } = observed.pipeline;
  switch (decision.kind) {
    case 'start': {
      const { id: bake, reason, changes, causes } = await startBake(deps, read, decision);
      return { kind: 'started', bake, reason, changes, causes };
    }
    case 'up-to-date':
      await recordUpToDate(deps, read, decision.reason);
      if (observed.status.dirty) await enqueueDependents(deps, name);
      return { kind: 'up-to-date', release: observed.channel?.release ?? '' };
    case 'hold': {
      const { isNew, secondsLeft } = await recordHold(deps, read, decision);
      await enqueueLater(deps, name, secondsLeft);
      // Only once: each of them may tell its own descendants, and on many paths that would be messages without number.
      if (isNew && observed.status.dirty && affectsDependents(observed.status, decision))
        await enqueueDependents(deps, name);
      await ensureStopped(deps, read);
      return { kind: 'held', reasons: decision.reasons };
    }
    case 'in-progress':
      await recordInProgress(deps, read, decision);
      await ensureStarted(deps, read);
      return { kind: 'running', bake: decision.bake };
    case 'supersede':
      await supersedeBake(deps, read, decision);
      return { kind: 'superseding', bake: decision.active.id, reason: decision.reason };
    default:
      return assertNever(decision);
  }
}

/** True when dependents may start for this decision: nothing of the pipeline starts soon, or ancestors no longer hold it for them, too. */
function affectsDependents(
  before: PipelineStatus,
  { settled, reasons }: Extract<Decision, { kind: 'hold' }>,
): boolean {
  if (settled || reasons.some((reason) => findHoldKind(reason).enqueuesDependents)) return true;
  return isHeldByAncestorsOnly(before) && !isWaitingForAncestors(reasons);
}

async function enqueueLater(
  deps: ReconcileDeps,
  pipeline: string,
  seconds: number | undefined,
): Promise<void> {
  if (seconds === undefined || seconds > MAX_DELAY_SECONDS) return;
  await deps.reconcileQueue.send([{ pipeline, delaySeconds: Math.ceil(seconds) }]);
}

/** A bake that is recorded but may never have been started: the name finds the execution if there is one. */
async function ensureStarted(deps: ReconcileDeps, { attempt }: Pick<ObservedRows, 'attempt'>): Promise<void> {
  if (attempt?.state === 'queued') await startExecution(deps.workflows, attempt);
}

/** A bake that was asked to end, but whose execution may not have been stopped. */
async function ensureStopped(deps: ReconcileDeps, { attempt }: ObservedRows): Promise<void> {
  if (attempt?.endRequested === undefined) return;
  await deps.workflows.stop(
    findExecution(deps.workflows, attempt),
    `Asked to end by ${attempt.endRequested.by}`,
  );
}
