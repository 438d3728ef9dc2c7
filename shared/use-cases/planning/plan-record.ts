/** Writes down what was decided where nothing starts: every absence of a bake has its reason on the pipeline's planning row. */
import { due, keys } from '../../domain/naming.ts';
import type { Decision } from '../../domain/planning/decision.ts';
import { letsTicksPass } from '../../domain/planning/reasons.ts';
import { dirtySince } from '../../domain/planning/situation.ts';
import type { HoldReason, PlanningRecord } from '../../domain/records/planning.ts';
import type { Clock, Table, Write } from '../../ports.ts';
import { standUnder } from '../noticing/wave-rows.ts';
import { positionOf } from './plan-capacity.ts';
import type { Read } from './plan-situation.ts';

interface RecordDeps {
  readonly table: Table;
  readonly clock: Clock;
}

/** What waits for something else than time is looked at again after this, should the news of it be lost. */
const LOOK_AGAIN_SECONDS = 900;
/** A bake that is being ended is looked at sooner. */
const ENDING_SECONDS = 60;
/** So many changes are kept of a pipeline that nobody bakes; the oldest go first. */
const CHANGES_KEPT = 200;

const NOTHING_TO_DO = ['dirtySince', 'dueAt', 'debounceUntil', 'duePk', 'dueSk', 'request'] as const;

const NOT_DUE = ['dueAt', 'duePk', 'dueSk'];

/** What time alone ends. */
const TIMED = new Set<HoldReason['code']>(['debounce', 'back-off', 'schedule', 'freeze']);

type LineDeps = Pick<RecordDeps, 'table'>;

type PlanDecision = NonNullable<PlanningRecord['decision']>;

/** The part of a write that is the same for every decision. */
export function planningWrite(
  read: Pick<Read, 'situation'>,
  decision: PlanDecision,
  more: { readonly set?: Record<string, unknown>; readonly remove?: readonly string[] },
): Write {
  const { planning } = read.situation.seen;
  return {
    update: keys.planning(planning.pipeline),
    set: { decision: { ...decision, version: planning.version + 1 }, ...more.set },
    remove: more.remove ?? [],
    add: { version: 1 },
    when: { equals: { version: planning.version } },
  };
}

/**
 * Everything that was to do has been done or turned out to be nothing. A schedule that always bakes is looked at again at its next tick; one
 * that waits for newer versions has to be looked at only when there are some.
 */
export function clearedWrite(
  read: Pick<Read, 'situation'>,
  decision: PlanDecision,
  set: Record<string, unknown> = {},
): Write {
  const { ticks, pipeline } = read.situation.seen;
  const isTicking = pipeline.plan.schedule?.startCondition === 'always' && ticks?.next !== undefined;
  const next = isTicking ? { dueAt: ticks.next, duePk: due.planning, dueSk: ticks.next } : {};
  return planningWrite(read, decision, {
    set: { dirty: false, changes: [], causes: [], ...next, ...set },
    remove: NOTHING_TO_DO.filter((name) => !(name in next)),
  });
}

/** A tick that found nothing to do has passed. */
function passedTick({ situation }: Pick<Read, 'situation'>): { ticksSeen?: string } {
  const open = situation.seen.ticks?.open;
  return open === undefined ? {} : { ticksSeen: open };
}

export async function recordCurrent(deps: RecordDeps, read: Read, reason: HoldReason): Promise<void> {
  const { planning } = read.situation.seen;
  const isRecorded =
    planning.decision?.kind === 'current' && sameReasons(planning.decision.reasons, [reason]);
  const isIdle = !planning.dirty && planning.request === undefined;
  if (isRecorded && isIdle && read.situation.seen.ticks?.open === undefined) return;
  const at = deps.clock.now().toISOString();
  await deps.table.write([clearedWrite(read, { at, kind: 'current', reasons: [reason] }, passedTick(read))]);
}

export async function recordTakenUp(
  deps: RecordDeps,
  read: Read,
  decision: Extract<Decision, { kind: 'taken-up' }>,
): Promise<void> {
  const { planning } = read.situation.seen;
  if (!planning.dirty && planning.request === undefined && planning.changes.length === 0) return;
  const at = deps.clock.now().toISOString();
  const entry: PlanDecision = { at, kind: 'hold', reasons: [decision.reason], bake: decision.bake };
  await deps.table.write([clearedWrite(read, entry)]);
}

export interface Held {
  /** It was not recorded like this before. */
  readonly isNews: boolean;
  /** In how many seconds time alone will have ended the hold, where that is news; the sweep would find it up to a minute later. */
  readonly seconds?: number;
}

export async function recordHold(
  deps: RecordDeps & LineDeps,
  read: Read,
  { reasons, settled }: Pick<Extract<Decision, { kind: 'hold' }>, 'reasons' | 'settled'>,
): Promise<Held> {
  const { planning } = read.situation.seen;
  const now = deps.clock.now();
  const isRecorded = planning.decision?.kind === 'hold' && sameReasons(planning.decision.reasons, reasons);
  const again = lookAgainAt(reasons, now);
  const wave = standUnder(reasons, planning.pipeline);
  // Who rests lets ticks pass one by one, so that whatever ends the rest does not find one of before.
  const dueAt = again ?? (wave === undefined ? read.situation.seen.ticks?.next : undefined);
  const isDue = planning.dueAt === undefined ? dueAt !== undefined : planning.dueAt <= now.toISOString();
  // What only somebody's doing ends is not waiting to be planned; its changes are kept for whoever asks.
  const dirty = again !== undefined;
  const isNews = !isRecorded || planning.dirty !== dirty;
  // A mark has put it off since, or taken it out of its line.
  const isMarked = planning.decision?.version !== planning.version;
  if (!isNews && !isDue && !isMarked) return { isNews };

  const entry: PlanDecision = { at: now.toISOString(), kind: 'hold', reasons: [...reasons] };
  const always = {
    dirty,
    dirtySince: dirtySince(read.situation),
    changes: planning.changes.slice(-CHANGES_KEPT),
    causes: [...new Set(planning.causes)].slice(-CHANGES_KEPT),
    ...(settled && letsTicksPass(reasons) ? passedTick(read) : {}),
  };
  const line = await lineOf(deps, read, reasons);
  const more =
    dueAt === undefined
      ? { set: { ...always, ...wave?.set }, remove: wave === undefined ? NOT_DUE : ['dueAt'] }
      : { set: { ...always, dueAt, ...(line ?? { duePk: due.planning, dueSk: dueAt }) } };
  await deps.table.write([planningWrite(read, entry, more), ...(wave?.checks ?? [])]);
  const isTimed = reasons.every(({ code }) => TIMED.has(code));
  if (!isTimed || again === undefined) return { isNews };
  return { isNews, seconds: (Date.parse(again) - now.getTime()) / 1000 };
}

/** Whoever waits for a place alone stands in the line for it; whoever leaves it is asked first (plan-capacity.ts). */
async function lineOf(
  deps: LineDeps,
  { situation }: Read,
  reasons: readonly HoldReason[],
): Promise<{ duePk: string; dueSk: string } | undefined> {
  const [first] = reasons.flatMap(({ capacity }) => (capacity === undefined ? [] : [capacity]));
  if (first === undefined || reasons.some(({ code }) => code !== 'concurrency')) return undefined;
  const position = await positionOf(deps.table, situation.seen.pipeline.name, dirtySince(situation));
  return { duePk: due.line(first), dueSk: position };
}

/** When the sweep should plan again: at the time that a reason names, after a while for what events end, never for what people end. */
function lookAgainAt(reasons: readonly HoldReason[], now: Date): string | undefined {
  const after = (seconds: number) => new Date(now.getTime() + seconds * 1000).toISOString();
  const times = reasons.map((reason) => {
    switch (reason.code) {
      case 'manual':
      case 'disabled':
      case 'too-many-failures':
      case 'pinned':
      case 'storm-cap':
      case 'refused':
      case 'up-to-date':
        return 'never';
      case 'schedule':
        return reason.until ?? 'never';
      case 'debounce':
      case 'back-off':
      case 'freeze':
        return reason.until ?? after(LOOK_AGAIN_SECONDS);
      case 'bake-running':
        return after(ENDING_SECONDS);
      case 'ancestor-moving': {
        const soon = after(LOOK_AGAIN_SECONDS);
        return reason.until !== undefined && reason.until < soon ? reason.until : soon;
      }
      default:
        return after(LOOK_AGAIN_SECONDS);
    }
  });
  if (times.includes('never')) return undefined;
  // Several reasons: all must be over.
  return times.sort().at(-1);
}

function sameReasons(one: readonly HoldReason[], other: readonly HoldReason[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
