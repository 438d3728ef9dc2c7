/** Whether the times that a definition names can come at all. */

import { InvalidSchedule, type Problem } from '../../domain/base/errors.ts';
import type { Definition } from '../../domain/definitions/definition.ts';
import { findCronProblem, isTimeZone } from '../../domain/definitions/schedules.ts';
import type { Ports } from '../../ports/ports.ts';

export function checkTimes(
  deps: Pick<Ports, 'calendar' | 'clock'>,
  { triggers }: Pick<Definition, 'triggers'>,
): Problem[] {
  const { mode, schedule, freeze } = triggers;
  return [
    ...(mode === 'schedule' && schedule === undefined
      ? [
          {
            field: 'triggers.schedule',
            message: 'is missing, though triggers.mode is schedule',
            fix: 'Add it, for example expression: cron(0 8 ? * MON *)',
          },
        ]
      : []),
    ...(mode !== 'schedule' && schedule !== undefined
      ? [
          {
            field: 'triggers.schedule',
            message: `is set, though triggers.mode is ${mode}`,
            fix: 'Write mode: schedule, or remove it.',
          },
        ]
      : []),
    ...(schedule === undefined ? [] : checkSchedule(deps, schedule, 'triggers.schedule')),
    ...freeze.flatMap((window, index) => {
      const field = `triggers.freeze[${index}]`;
      if ('from' in window)
        return Date.parse(window.from) < Date.parse(window.to)
          ? []
          : [{ field: `${field}.to`, message: 'is not after from' }];
      return checkSchedule(deps, { expression: window.opens, timeZone: window.timeZone }, field, 'opens');
    }),
  ];
}

function checkSchedule(
  { calendar, clock }: Pick<Ports, 'calendar' | 'clock'>,
  schedule: { readonly expression: string; readonly timeZone: string },
  path: string,
  name = 'expression',
): Problem[] {
  const field = `${path}.${name}`;
  const { expression, timeZone } = schedule;
  const asAws = { field, fix: 'Write it as AWS does: cron(0 8 ? * MON *)' };
  const wrong = expression.startsWith('cron(') ? findCronProblem(expression) : undefined;
  const problems: Problem[] = [
    ...(isTimeZone(timeZone)
      ? []
      : [
          {
            field: `${path}.timeZone`,
            message: `${timeZone} is no time zone`,
            fix: 'Write it as the IANA database does: Europe/Berlin, America/New_York, Etc/UTC',
          },
        ]),
    ...(wrong === undefined ? [] : [{ ...asAws, message: `${expression}: ${wrong}` }]),
  ];
  // When it comes is asked of what can be read alone.
  if (problems.length > 0) return problems;
  try {
    if (calendar.next(schedule, clock.now()) !== undefined) return [];
    return [{ field, message: `${expression} never comes`, fix: 'Correct its day, month or year.' }];
  } catch (error) {
    if (!(error instanceof InvalidSchedule)) throw error;
    return [{ ...asAws, message: error.message }];
  }
}
