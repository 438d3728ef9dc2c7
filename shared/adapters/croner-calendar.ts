/**
 * Times of schedules by croner. AWS writes cron with six fields, the last a year, weekdays from 1 (Sunday) to 7, and `?` for "any"
 * (scheduler/latest/UserGuide/schedule-types); croner wants the seconds in front.
 */
import { Cron } from 'croner';
import { InvalidSchedule } from '../domain/base/errors.ts';
import type { Calendar, Recurrence } from '../ports/calendar.ts';

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

export const cronerCalendar: Calendar = {
  next(schedule, after) {
    const rate = parseRate(schedule);
    if (rate !== undefined) return computeRateTime(rate, Math.max(countIntervals(rate, after), 0) + 1);
    return readCron(schedule).nextRun(after) ?? undefined;
  },
  last(schedule, { after, upTo }) {
    const rate = parseRate(schedule);
    const found = rate === undefined ? findLastRun(readCron(schedule), upTo) : findLastRateTime(rate, upTo);
    return found !== undefined && found > after ? found : undefined;
  },
};

interface Rate {
  readonly since: number;
  readonly every: number;
}

/** How many intervals are over. */
function countIntervals({ since, every }: Rate, at: Date): number {
  return Math.floor((at.getTime() - since) / every);
}

function computeRateTime({ since, every }: Rate, number: number): Date {
  return new Date(since + number * every);
}

function findLastRateTime(rate: Rate, upTo: Date): Date | undefined {
  const number = countIntervals(rate, upTo);
  return number < 1 ? undefined : computeRateTime(rate, number);
}

/** `previousRuns` looks at what lies before its reference; a time of the very second counts here too, one of the next does not. */
function findLastRun(cron: Cron, upTo: Date): Date | undefined {
  const second = Math.floor(upTo.getTime() / 1000);
  return cron.previousRuns(1, new Date((second + 1) * 1000))[0];
}

function parseRate({ expression, since }: Recurrence): Rate | undefined {
  const match = /^rate\(([0-9]+) (minute|hour|day)s?\)$/.exec(expression);
  if (match === null) return undefined;
  const every = Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 0);
  return { since: since === undefined ? 0 : Date.parse(since), every };
}

/** Parsing costs more than asking; few schedules are in use. */
const cronCache = new Map<string, Cron>();
const CRON_CACHE_SIZE = 1000;

function readCron({ expression, timeZone }: Recurrence): Cron {
  const key = `${timeZone} ${expression}`;
  const found = cronCache.get(key);
  if (found !== undefined) return found;
  const cron = createCron(expression, timeZone);
  if (cronCache.size >= CRON_CACHE_SIZE) cronCache.clear();
  cronCache.set(key, cron);
  return cron;
}

function createCron(expression: string, timeZone: string): Cron {
  const fields = expression.slice('cron('.length, -1).trim().split(/\s+/);
  if (!expression.startsWith('cron(') || (fields.length !== 6 && fields.length !== 5))
    throw new InvalidSchedule(`${expression} has ${fields.length} fields; cron has six.`, { expression });
  try {
    // Image Builder takes five fields too (imagebuilder Schedule.scheduleExpression).
    const seven = ['0', ...fields.map(toCronerField), ...(fields.length === 5 ? ['*'] : [])].join(' ');
    const cron = new Cron(seven, {
      timezone: timeZone,
      alternativeWeekdays: true,
      // Steps from a number, as in 0/15.
      sloppyRanges: true,
      // A list of hours names times of day as a single one does; only `*` and steps are intervals, which count on when clocks change.
      fixedTimeRule: 'no-wildcard',
      paused: true,
    });
    // A time zone that does not exist is found out by the first use.
    cron.nextRun(new Date(0));
    return cron;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InvalidSchedule(`${expression} in ${timeZone} is no schedule: ${why}`, {
      expression,
      timeZone,
    });
  }
}

const DAY_OF_WEEK = 4;

/** The last day of the week is `L` alone, which croner takes of a month only. */
function toCronerField(field: string, index: number): string {
  return index === DAY_OF_WEEK ? field.replace(/\bL\b/i, '7') : field;
}
