/** What the calendar says about a pipeline at one moment: ticks of its schedule, and freeze windows. */
import { later } from '../../domain/planning/reasons.ts';
import type { Head, Ticks } from '../../domain/planning/wish.ts';
import type { FreezeWindow, PlanInputs } from '../../domain/records/pipelines.ts';
import type { Calendar } from '../../ports.ts';

/** Ticks since the planner last took one up, or since the pipeline was made. */
export function ticksOf(calendar: Calendar, { pipeline, planning }: Head, now: Date): Ticks | undefined {
  const { schedule, mode } = pipeline.plan;
  if (schedule === undefined || mode !== 'schedule') return undefined;
  const after = new Date(ticksBefore(pipeline, planning));
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
function ticksBefore(pipeline: Head['pipeline'], planning: Head['planning']): string {
  const seen = planning.ticksSeen ?? pipeline.updatedAt;
  if (pipeline.plan.schedule?.startCondition === 'always') return seen;
  const since = planning.dirtySince ?? seen;
  return [since, seen].sort().at(-1) ?? seen;
}

/** The freeze window that `now` is in; of several the one that ends last. */
export function freezeOf(
  calendar: Calendar,
  plan: Pick<PlanInputs, 'freeze'>,
  now: Date,
): { until: string; reason: string } | undefined {
  const open = plan.freeze.flatMap((window) => {
    const until = endOf(calendar, window, now);
    return until === undefined ? [] : [{ until, reason: `Nothing starts now: ${window.reason}.` }];
  });
  return open.sort((a, b) => (a.until < b.until ? 1 : -1))[0];
}

function endOf(calendar: Calendar, window: FreezeWindow, now: Date): string | undefined {
  if ('from' in window) {
    const isOpen = Date.parse(window.from) <= now.getTime() && now.getTime() < Date.parse(window.to);
    return isOpen ? new Date(window.to).toISOString() : undefined;
  }
  const after = new Date(now.getTime() - window.lastsSeconds * 1000);
  const opened = calendar.last({ expression: window.opens, timeZone: window.timeZone }, { after, upTo: now });
  return opened === undefined ? undefined : later(opened.toISOString(), window.lastsSeconds);
}
