import { describe, expect, it } from '@jest/globals';
import { findCronProblem } from '../../../shared/domain/definitions/schedules.ts';

describe('a cron', () => {
  it.each([
    'cron(0 8 * * ? *)',
    'cron(0 8 ? * MON-FRI 2026-2199)',
    'cron(0/15 8-18/2 ? jan,MAR-May 1,L *)',
    'cron(*/5 0,12 1,15,L * ? 2026/2)',
    'cron(0 8 3W * ? *)',
    'cron(0 8 LW * ? *)',
    'cron(0 8 ? * 6L *)',
    'cron(0 8 ? * fri#2 *)',
    'cron(0 8 * * ?)',
  ])('is taken as AWS writes it: %s', (expression) => {
    expect(findCronProblem(expression)).toBeUndefined();
  });

  it.each([
    ['cron(60 8 * * ? *)', '60 is no minute (0-59)'],
    ['cron(0 24 * * ? *)', '24 is no hour (0-23)'],
    ['cron(? 8 * * ? *)', '? is no minute (0-59)'],
    ['cron(0 8 0 * ? *)', '0 is no day of the month (1-31)'],
    ['cron(0 8 1-5W * ? *)', '1-5W is no day of the month (1-31)'],
    ['cron(0 8 ?,3 * ? *)', '? is no day of the month (1-31)'],
    ['cron(0 8 * 13 ? *)', '13 is no month (1-12 or JAN-DEC)'],
    ['cron(0 8 ? * 0 *)', '0 is no day of the week (1-7 or SUN-SAT)'],
    ['cron(0 8 ? * 8 *)', '8 is no day of the week (1-7 or SUN-SAT)'],
    ['cron(0 8 ? * 2/2 *)', '2/2 is no day of the week (1-7 or SUN-SAT)'],
    ['cron(0 8 ? * SAT-SUN *)', 'SAT-SUN is no day of the week (1-7 or SUN-SAT)'],
    ['cron(0 8 ? * MON#6 *)', 'MON#6 is no day of the week (1-7 or SUN-SAT)'],
    ['cron(0 8 * * ? 2200)', '2200 is no year (1970-2199)'],
    ['cron(0/0 8 * * ? *)', '0/0 is no minute (0-59)'],
    ['cron(/5 8 * * ? *)', '/5 is no minute (0-59)'],
    ['cron(1, 8 * * ? *)', ' is no minute (0-59)'],
    ['cron(0 8 * *)', 'cron has six fields, and it has 4'],
  ])('is refused with the part that is wrong: %s', (expression, problem) => {
    expect(findCronProblem(expression)).toBe(problem);
  });

  it.each(['cron(0 8 1 * 2 *)', 'cron(0 8 * * * *)', 'cron(0 0 * * SUN *)', 'cron(0 8 ? * ? *)'])(
    'leaves open one of day of the month and day of the week: %s',
    (expression) => {
      expect(findCronProblem(expression)).toMatch(/exactly one of them has to be \?$/);
    },
  );
});
