import { describe, expect, it } from '@jest/globals';
import { cronerCalendar as calendar } from '../../../shared/adapters/croner-calendar.ts';
import { InvalidSchedule } from '../../../shared/domain/errors.ts';

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
const lastOf = (schedule: Schedule, upTo: string, after = '1970-01-01T00:00:00Z') =>
  short(calendar.last(schedule, { after: new Date(after), upTo: new Date(upTo) }));

describe('the last time of a schedule', () => {
  const daily = cron('0 8 * * ? *');

  it('is the time itself at that moment, and not before it', () => {
    expect(lastOf(daily, '2026-03-03T08:00:00.000Z')).toBe('2026-03-03T08:00Z');
    expect(lastOf(daily, '2026-03-03T08:00:00.500Z')).toBe('2026-03-03T08:00Z');
    expect(lastOf(daily, '2026-03-03T07:59:59.999Z')).toBe('2026-03-02T08:00Z');
  });

  it('does not count the moment after which it is looked for', () => {
    expect(lastOf(daily, '2026-03-03T09:00:00Z', '2026-03-03T07:59:59.999Z')).toBe('2026-03-03T08:00Z');
    expect(lastOf(daily, '2026-03-03T09:00:00Z', '2026-03-03T08:00:00Z')).toBeUndefined();
  });
});

describe('a cron that never comes', () => {
  it.each(['0 8 31 2 ? *', '0 8 30 2 ? 2026-2199', '0 8 1 * ? 2020', '0 8 29 2 ? 2027'])('%s', (fields) => {
    expect(calendar.next(cron(fields), new Date('2026-03-02T12:00:00Z'))).toBeUndefined();
  });

  it('has come, where its year has passed', () => {
    expect(lastOf(cron('0 8 1 * ? 2020'), '2026-03-02T12:00:00Z')).toBe('2020-12-01T08:00Z');
    expect(lastOf(cron('0 8 31 2 ? *'), '2026-03-02T12:00:00Z')).toBeUndefined();
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
