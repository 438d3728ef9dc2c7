/** Records a decision by which nothing starts: every absence of a bake has its reason on the pipeline's status row. */

import { due, keys } from '../../domain/base/naming.ts';
import { advanceHeldByAncestors } from '../../domain/reconcile/ancestors.ts';
import type { Decision } from '../../domain/reconcile/decide.ts';
import {
  computeNextCheck,
  findHoldKind,
  hasSameReasons,
  isEndedByTime,
  skipsSchedule,
} from '../../domain/reconcile/holds.ts';
import { findDirtySince } from '../../domain/reconcile/observed.ts';
import type { HoldReason, PipelineStatus } from '../../domain/records/status.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Write } from '../../ports/table.ts';
import { computeQueuePosition } from '../capacity/slots.ts';
import { prepareWaveHold } from '../detect/wave-rows.ts';
import type { ObservedRows } from './observe.ts';

type RecordDecisionDeps = Pick<Ports, 'table' | 'clock'>;

/** Most changes that the row of a held pipeline lists; the oldest are dropped first. */
const CHANGES_KEPT = 200;

const PENDING_FIELDS = [
  'dirtySince',
  'dueAt',
  'debounceUntil',
  'heldByAncestors',
  'duePk',
  'dueSk',
  'request',
] as const;

const DUE_FIELDS = ['dueAt', 'duePk', 'dueSk'];

type RecordedDecision = NonNullable<PipelineStatus['decision']>;

/** The part of a write that is the same for every decision. */
export function statusWrite(
  read: Pick<ObservedRows, 'observation'>,
  decision: RecordedDecision,
  more: { readonly set?: Record<string, unknown>; readonly remove?: readonly string[] },
): Write {
  const { status } = read.observation.observed;
  return {
    update: keys.status(status.pipeline),
    set: { decision: { ...decision, version: status.version + 1 }, ...more.set },
    remove: more.remove ?? [],
    add: { version: 1 },
    when: { equals: { version: status.version } },
  };
}

/**
 * Everything that was to do has been done or turned out to be nothing. A schedule that always bakes is looked at again at its next tick; one
 * that waits for newer versions has to be looked at only when there are some.
 */
export function clearedStatusWrite(
  read: Pick<ObservedRows, 'observation'>,
  decision: RecordedDecision,
  set: Record<string, unknown> = {},
): Write {
  const { ticks, pipeline } = read.observation.observed;
  const isTicking = pipeline.spec.schedule?.startCondition === 'always' && ticks?.next !== undefined;
  const next = isTicking ? { dueAt: ticks.next, duePk: due.reconcile, dueSk: ticks.next } : {};
  return statusWrite(read, decision, {
    set: { dirty: false, changes: [], causes: [], ...next, ...set },
    remove: PENDING_FIELDS.filter((name) => !(name in next)),
  });
}

/** A tick that found nothing to do has passed. */
function toPassedTick({ observation }: Pick<ObservedRows, 'observation'>) {
  return { ticksHandledUntil: observation.observed.ticks?.open };
}

export async function recordUpToDate(
  deps: RecordDecisionDeps,
  read: ObservedRows,
  reason: HoldReason,
): Promise<void> {
  const { status } = read.observation.observed;
  const isRecorded =
    status.decision?.kind === 'up-to-date' && hasSameReasons(status.decision.reasons, [reason]);
  const isIdle = !status.dirty && status.request === undefined;
  if (isRecorded && isIdle && read.observation.observed.ticks?.open === undefined) return;
  const at = deps.clock.now().toISOString();
  await deps.table.write([
    clearedStatusWrite(read, { at, kind: 'up-to-date', reasons: [reason] }, toPassedTick(read)),
  ]);
}

export async function recordInProgress(
  deps: RecordDecisionDeps,
  read: ObservedRows,
  decision: Extract<Decision, { kind: 'in-progress' }>,
): Promise<void> {
  const { status } = read.observation.observed;
  if (!status.dirty && status.request === undefined && status.changes.length === 0) return;
  const at = deps.clock.now().toISOString();
  const entry: RecordedDecision = { at, kind: 'hold', reasons: [decision.reason], bake: decision.bake };
  await deps.table.write([clearedStatusWrite(read, entry)]);
}

export interface RecordedHold {
  /** It was not recorded like this before. */
  readonly isNew: boolean;
  /** In how many seconds time alone will have ended the hold, where that is news; the sweep would find it up to a minute later. */
  readonly secondsLeft?: number;
}

export async function recordHold(
  deps: RecordDecisionDeps,
  read: ObservedRows,
  { reasons, settled }: Pick<Extract<Decision, { kind: 'hold' }>, 'reasons' | 'settled'>,
): Promise<RecordedHold> {
  const { status } = read.observation.observed;
  const now = deps.clock.now();
  const isRecorded = status.decision?.kind === 'hold' && hasSameReasons(status.decision.reasons, reasons);
  const again = computeNextCheck(reasons, now);
  const wave = prepareWaveHold(reasons, status.pipeline);
  // A settled pipeline lets ticks pass one by one, so that none is open when that ends.
  const dueAt = again ?? (wave === undefined ? read.observation.observed.ticks?.next : undefined);
  const isDue = status.dueAt === undefined ? dueAt !== undefined : status.dueAt <= now.toISOString();
  // What only a person ends is not due; its changes stay for a request.
  const dirty = again !== undefined;
  const isNew = !isRecorded || status.dirty !== dirty;
  // A mark has put it off since, or taken it out of its queue.
  const isMarked = status.decision?.version !== status.version;
  if (!isNew && !isDue && !isMarked) return { isNew };

  const entry: RecordedDecision = { at: now.toISOString(), kind: 'hold', reasons: [...reasons] };
  const always = {
    dirty,
    dirtySince: findDirtySince(read.observation),
    heldByAncestors: advanceHeldByAncestors(read.observation, reasons),
    changes: status.changes.slice(-CHANGES_KEPT),
    causes: [...new Set(status.causes)].slice(-CHANGES_KEPT),
    ...(settled && skipsSchedule(reasons) ? toPassedTick(read) : {}),
  };
  const queued = await findQueueEntry(deps, read, reasons);
  const more =
    dueAt === undefined
      ? { set: { ...always, ...wave?.set }, remove: wave === undefined ? DUE_FIELDS : ['dueAt'] }
      : { set: { ...always, dueAt, ...(queued ?? { duePk: due.reconcile, dueSk: dueAt }) } };
  await deps.table.write([statusWrite(read, entry, more), ...(wave?.checks ?? [])]);
  if (!isEndedByTime(reasons) || again === undefined) return { isNew };
  return { isNew, secondsLeft: (Date.parse(again) - now.getTime()) / 1000 };
}

/** Where a pipeline that waits for a slot alone stands in the queue for it. A free slot enqueues the head of the queue (capacity/slots.ts). */
async function findQueueEntry(
  deps: RecordDecisionDeps,
  { observation }: ObservedRows,
  reasons: readonly HoldReason[],
): Promise<{ duePk: string; dueSk: string } | undefined> {
  const first = reasons[0]?.capacity;
  if (first === undefined || reasons.some((reason) => findHoldKind(reason).listedIn !== 'slot-queue'))
    return undefined;
  const position = await computeQueuePosition(
    deps.table,
    observation.observed.pipeline.name,
    findDirtySince(observation),
  );
  return { duePk: due.slotQueue(first), dueSk: position };
}
