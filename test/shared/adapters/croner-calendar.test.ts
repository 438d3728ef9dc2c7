import { describe, expect, it } from '@jest/globals';
import { cronerCalendar as calendar } from '../../../shared/adapters/croner-calendar.ts';
import { InvalidSchedule } from '../../../shared/domain/base/errors.ts';

type Schedule = Parameters<typeof calendar.next>[0];

const cron = (fields: string, timeZone = 'Etc/UTC'): Schedule => ({
  expression: `cron(${fields})`,
  timeZone,
});
const short = (time: Date | undefined): string | undefined => time?.toISOString().replace(':00.000Z', 'Z');

function timesAfter(schedule: Schedule, after: string, count: number): string[] {
  const times: string[] = [];
  for (let time = calendar.next(schedule, new Date(after)); time !== undefined; ) {
    times.push(short(time) ?? '');
    if (times.length === count) break;
    time = calendar.next(schedule, time);
  }
  return times;
}
const findLast = (schedule: Schedule, upTo: string, after = '1970-01-01T00:00:00Z') =>
  short(calendar.last(schedule, { after: new Date(after), upTo: new Date(upTo) }));

describe('the last time of a schedule', () => {
  const daily = cron('0 8 * * ? *');

  it('is the time itself at that moment, and not before it', () => {
    expect(findLast(daily, '2026-03-03T08:00:00.000Z')).toBe('2026-03-03T08:00Z');
    expect(findLast(daily, '2026-03-03T08:00:00.500Z')).toBe('2026-03-03T08:00Z');
    expect(findLast(daily, '2026-03-03T07:59:59.999Z')).toBe('2026-03-02T08:00Z');
  });

  it('does not count the moment after which it is looked for', () => {
    expect(findLast(daily, '2026-03-03T09:00:00Z', '2026-03-03T07:59:59.999Z')).toBe('2026-03-03T08:00Z');
    expect(findLast(daily, '2026-03-03T09:00:00Z', '2026-03-03T08:00:00Z')).toBeUndefined();
  });
});

describe('a rate', () => {
  const since = '2026-03-28T08:17:30.250Z';
  const everyDay: Schedule = { expression: 'rate(1 day)', timeZone: 'Europe/Berlin', since };

  it('counts from the moment since which it is there, through any change of the clocks', () => {
    expect(timesAfter(everyDay, since, 2)).toEqual(['2026-03-29T08:17:30.250Z', '2026-03-30T08:17:30.250Z']);
    expect(timesAfter({ ...everyDay, expression: 'rate(90 minutes)' }, '2026-03-28T10:00:00Z', 1)).toEqual([
      '2026-03-28T11:17:30.250Z',
    ]);
    expect(findLast(everyDay, '2026-03-30T08:17:30.249Z')).toBe('2026-03-29T08:17:30.250Z');
    expect(findLast(everyDay, '2026-03-30T08:17:30.250Z')).toBe('2026-03-30T08:17:30.250Z');
  });

  it('comes at first when one of its intervals is over', () => {
    expect(timesAfter(everyDay, '2026-03-01T00:00:00Z', 1)).toEqual(['2026-03-29T08:17:30.250Z']);
    expect(findLast(everyDay, '2026-03-29T08:17:30.249Z')).toBeUndefined();
  });

  it('counts from the beginning of 1970 where the start is unknown', () => {
    const { since: _, ...always } = everyDay;

    expect(timesAfter(always, '2026-03-28T08:17:00Z', 1)).toEqual(['2026-03-29T00:00Z']);
    expect(findLast(always, '2026-03-28T08:17:00Z')).toBe('2026-03-28T00:00Z');
  });
});

describe('an hour that the clocks leave out', () => {
  // 2026-03-29: 02:00 becomes 03:00, which is 01:00 in UTC.
  it.each(['0 2 * * ? *', '30 2 * * ? *', '0,30 2 * * ? *', '30 2 ? * sun *'])(
    'comes once when they have moved on: %s',
    (fields) => {
      const schedule = cron(fields, 'Europe/Berlin');

      expect(timesAfter(schedule, '2026-03-29T00:00:00Z', 1)).toEqual(['2026-03-29T01:00Z']);
      expect(timesAfter(schedule, '2026-03-29T01:00:00Z', 1)).not.toEqual([
        expect.stringContaining('2026-03-29'),
      ]);
      expect(findLast(schedule, '2026-03-29T12:00:00Z')).toBe('2026-03-29T01:00Z');
      expect(findLast(schedule, '2026-03-29T00:59:59.999Z', '2026-03-29T00:00:00Z')).toBeUndefined();
    },
  );

  it('comes for a list of hours too, and with the next hour only once', () => {
    expect(timesAfter(cron('30 2,14 * * ? *', 'Europe/Berlin'), '2026-03-29T00:00:00Z', 2)).toEqual([
      '2026-03-29T01:00Z',
      '2026-03-29T12:30Z',
    ]);
    expect(timesAfter(cron('0 2,3 * * ? *', 'Europe/Berlin'), '2026-03-29T00:00:00Z', 2)).toEqual([
      '2026-03-29T01:00Z',
      '2026-03-30T00:00Z',
    ]);
  });

  it('is left out by what comes each so many minutes or hours', () => {
    expect(timesAfter(cron('0/30 * * * ? *', 'Europe/Berlin'), '2026-03-29T00:00:00Z', 3)).toEqual([
      '2026-03-29T00:30Z',
      '2026-03-29T01:00Z',
      '2026-03-29T01:30Z',
    ]);
    expect(timesAfter(cron('0/20 2 * * ? *', 'Europe/Berlin'), '2026-03-29T00:00:00Z', 1)).toEqual([
      '2026-03-30T00:00Z',
    ]);
  });
});

describe('an hour that the clocks repeat', () => {
  // 2026-10-25: 03:00 becomes 02:00, so that 02:30 is 00:30 and 01:30 in UTC.
  it.each(['30 2 * * ? *', '30 2,14 * * ? *', '30 1-3 * * ? *'])(
    'comes once, the first time: %s',
    (fields) => {
      const schedule = cron(fields, 'Europe/Berlin');

      expect(timesAfter(schedule, '2026-10-25T00:00:00Z', 1)).toEqual(['2026-10-25T00:30Z']);
      expect(timesAfter(schedule, '2026-10-25T00:30:00Z', 1)).not.toEqual(['2026-10-25T01:30Z']);
      expect(findLast(schedule, '2026-10-25T01:59:00Z')).toBe('2026-10-25T00:30Z');
    },
  );

  it('comes twice for what comes each so many minutes or hours', () => {
    expect(timesAfter(cron('0 * * * ? *', 'Europe/Berlin'), '2026-10-24T23:30:00Z', 3)).toEqual([
      '2026-10-25T00:00Z',
      '2026-10-25T01:00Z',
      '2026-10-25T02:00Z',
    ]);
    expect(findLast(cron('0 * * * ? *', 'Europe/Berlin'), '2026-10-25T01:30:00Z')).toBe('2026-10-25T01:00Z');
  });
});

describe('a cron that never comes', () => {
  it.each(['0 8 31 2 ? *', '0 8 30 2 ? 2026-2199', '0 8 1 * ? 2020', '0 8 29 2 ? 2027'])('%s', (fields) => {
    expect(calendar.next(cron(fields), new Date('2026-03-02T12:00:00Z'))).toBeUndefined();
  });

  it('has come, where its year has passed', () => {
    expect(findLast(cron('0 8 1 * ? 2020'), '2026-03-02T12:00:00Z')).toBe('2020-12-01T08:00Z');
    expect(findLast(cron('0 8 31 2 ? *'), '2026-03-02T12:00:00Z')).toBeUndefined();
  });
});

describe('cron as AWS writes it', () => {
  // A Monday.
  const after = '2026-03-02T12:00:00Z';

  it.each([
    ['0 8 ? * 1 *', '2026-03-08', 'weekdays count from 1, which is Sunday'],
    ['0 8 ? * 7 *', '2026-03-07', 'to 7, which is Saturday'],
    ['0 8 ? * MON *', '2026-03-09', 'names'],
    ['0 8 ? * 2-6 *', '2026-03-03', 'a range'],
    ['0 8 ? * L *', '2026-03-07', 'the last day of the week'],
    ['0 8 ? * 6L *', '2026-03-27', 'the last Friday of the month'],
    ['0 8 ? * fri#2 *', '2026-03-13', 'the second Friday of the month'],
    ['0 8 L * ? *', '2026-03-31', 'the last day of the month'],
    ['0 8 1W * ? *', '2026-04-01', 'the weekday nearest the 1st'],
    ['0 8 LW 5 ? *', '2026-05-29', 'the last weekday of a month'],
    ['0 8 * * ? *', '2026-03-03', '? for any day of the week'],
    ['0 8 ? * * *', '2026-03-03', '? for any day of the month'],
    ['0 8 * * ?', '2026-03-03', 'without a year'],
    ['0 8 1/10 * ? *', '2026-03-11', 'each tenth day from the 1st'],
    ['0 8 1 1 ? 2026/2', '2028-01-01', 'each second year from 2026'],
  ])('%s comes on %s: %s', (fields, day) => {
    expect(timesAfter(cron(fields), after, 1)).toEqual([`${day}T08:00Z`]);
  });

  it('steps from where it begins', () => {
    expect(timesAfter(cron('5/20 8/6 * * ? *'), after, 5)).toEqual([
      '2026-03-02T14:05Z',
      '2026-03-02T14:25Z',
      '2026-03-02T14:45Z',
      '2026-03-02T20:05Z',
      '2026-03-02T20:25Z',
    ]);
  });

  it.each(['cron(0 8 * *)', 'cron(0 8 32 * ? *)', 'cron(0 8 ? * MOO *)', 'every day'])(
    'says of %s that it is no schedule',
    (expression) => {
      expect(() => calendar.next({ expression, timeZone: 'Etc/UTC' }, new Date())).toThrow(InvalidSchedule);
    },
  );

  it('says so of a time zone that does not exist', () => {
    expect(() => calendar.next(cron('0 8 * * ? *', 'Mars/Base'), new Date())).toThrow(/Mars\/Base/);
  });
});
