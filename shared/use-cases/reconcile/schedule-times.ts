/** What the calendar says about a pipeline at one moment: ticks of its schedule, and freeze windows. */

import type { PipelineRows, Ticks } from '../../domain/reconcile/desired.ts';
import { addSeconds } from '../../domain/reconcile/hold-times.ts';
import type { FreezeEnd } from '../../domain/reconcile/observed.ts';
import type { FreezeWindow, PipelineSpec } from '../../domain/records/pipelines.ts';
import type { Calendar } from '../../ports/calendar.ts';

/** Ticks since one was last taken up, or since the pipeline was made. */
export function computeTicks(
  calendar: Calendar,
  { pipeline, status }: PipelineRows,
  now: Date,
): Ticks | undefined {
  const { schedule, mode } = pipeline.spec;
  if (schedule === undefined || mode !== 'schedule') return undefined;
  const after = new Date(findTicksStart(pipeline, status));
  const open = calendar.last(schedule, { after, upTo: now });
  const next = calendar.next(schedule, now);
  return {
    ...(open === undefined ? {} : { open: open.toISOString() }),
    ...(next === undefined ? {} : { next: next.toISOString() }),
  };
}

/**
 * Up to when ticks have passed. One that waits for newer versions lets a tick pass when there are none: only those count that came after it had
 * something to do.
 */
function findTicksStart(pipeline: PipelineRows['pipeline'], status: PipelineRows['status']): string {
  const seen = status.ticksHandledUntil ?? pipeline.updatedAt;
  if (pipeline.spec.schedule?.startCondition === 'always') return seen;
  const since = status.dirtySince ?? seen;
  return [since, seen].sort().at(-1) ?? seen;
}

/** The freeze window that `now` is in; of several the one that ends last. */
export function findFreeze(
  calendar: Calendar,
  spec: Pick<PipelineSpec, 'freeze'>,
  now: Date,
): FreezeEnd | undefined {
  const open = spec.freeze.flatMap((window) => {
    const until = findWindowEnd(calendar, window, now);
    return until === undefined ? [] : [{ until, reason: window.reason }];
  });
  return open.sort((a, b) => (a.until < b.until ? 1 : -1))[0];
}

function findWindowEnd(calendar: Calendar, window: FreezeWindow, now: Date): string | undefined {
  if ('from' in window) {
    const isOpen = Date.parse(window.from) <= now.getTime() && now.getTime() < Date.parse(window.to);
    return isOpen ? new Date(window.to).toISOString() : undefined;
  }
  const after = new Date(now.getTime() - window.lastsSeconds * 1000);
  const opened = calendar.last({ expression: window.opens, timeZone: window.timeZone }, { after, upTo: now });
  return opened === undefined ? undefined : addSeconds(opened.toISOString(), window.lastsSeconds);
}
