/** Whether a schedule can be meant as it is written. */

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Names that stand for the numbers, in their order. */
  readonly names?: readonly string[];
  /** What AWS takes here and nowhere else. */
  readonly more?: RegExp;
  readonly hasNoSteps?: boolean;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const MONTH_DAY = 2;
const WEEKDAY = 4;

/** In their order (scheduler/latest/UserGuide/schedule-types). */
const FIELDS: readonly Field[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of the month', from: 1, to: 31, more: /^(?:L|LW|(?:[1-9]|[12][0-9]|3[01])W)$/ },
  { name: 'month', from: 1, to: 12, names: MONTHS },
  {
    name: 'day of the week',
    from: 1,
    to: 7,
    names: WEEKDAYS,
    more: new RegExp(`^(?:L|(?:[1-7]|${WEEKDAYS.join('|')})(?:L|#[1-5]))$`),
    hasNoSteps: true,
  },
  { name: 'year', from: 1970, to: 2199 },
];

/** What is wrong with a `cron(…)`. Image Builder takes one without a year too (imagebuilder Schedule.scheduleExpression). */
export function findCronProblem(expression: string): string | undefined {
  const written = expression.slice('cron('.length, -1).trim().toUpperCase().split(/\s+/);
  if (written.length !== FIELDS.length && written.length !== FIELDS.length - 1)
    return `cron has six fields, and it has ${written.length}`;
  for (const [index, text] of written.entries()) {
    const field = FIELDS[index];
    if (field === undefined || (text === '?' && (index === MONTH_DAY || index === WEEKDAY))) continue;
    const wrong = text.split(',').find((entry) => !isEntry(field, entry));
    if (wrong !== undefined) return `${wrong} is no ${field.name} (${describeRange(field)})`;
  }
  // With both, it would be ambiguous whether one of them is enough.
  if ((written[MONTH_DAY] === '?') === (written[WEEKDAY] === '?'))
    return 'it has a day of the month and a day of the week; exactly one of them has to be ?';
  return undefined;
}

function isEntry(field: Field, entry: string): boolean {
  if (field.more?.test(entry)) return true;
  const match = /^(?:\*|(\w+)(?:-(\w+))?)(?:\/([0-9]+))?$/.exec(entry);
  if (match === null) return false;
  const [, first, last, step] = match;
  if (step !== undefined && (field.hasNoSteps || Number(step) === 0)) return false;
  if (first === undefined) return true;
  const from = parseFieldNumber(field, first);
  const to = last === undefined ? from : parseFieldNumber(field, last);
  return field.from <= from && from <= to && to <= field.to;
}

/** Not a number where it is none. */
function parseFieldNumber({ names = [], from }: Field, text: string): number {
  const place = names.indexOf(text);
  return place >= 0 ? from + place : Number(/^[0-9]+$/.exec(text)?.[0]);
}

function describeRange({ from, to, names }: Field): string {
  return `${from}-${to}${names === undefined ? '' : ` or ${names[0]}-${names.at(-1)}`}`;
}

/** Names are those of the IANA database, as JavaScript knows it. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
