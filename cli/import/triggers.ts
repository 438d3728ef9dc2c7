/** When an imported pipeline bakes. */
import type { ImagePipeline } from '@aws-sdk/client-imagebuilder';
import { cronerCalendar } from '../../shared/adapters/croner-calendar.ts';
import { systemClock } from '../../shared/adapters/system-clock.ts';
import { type DefinitionInput, DefinitionSchema } from '../../shared/domain/definitions/definition.ts';
import { checkTimes } from '../../shared/use-cases/definitions/check-times.ts';
import { type Note, noteIf } from './notes.ts';

type Triggers = NonNullable<DefinitionInput['triggers']>;

const FIELD = 'imagePipeline.schedule';
const MONTH_DAY = 2;
const WEEKDAY = 4;

/**
 * No schedule is `manual`; so is one that apply would refuse, and a disabled pipeline, which may still be run by hand (imagebuilder
 * StartImagePipelineExecution).
 */
export function importTriggers({ schedule, status }: ImagePipeline): {
  readonly triggers: Triggers;
  readonly lifecycle: DefinitionInput['lifecycle'];
  readonly notes: Note[];
} {
  const given = schedule?.scheduleExpression;
  const failures = schedule?.autoDisablePolicy?.failureCount;
  const lifecycle = failures === undefined ? undefined : { maxFailures: failures };
  if (given === undefined) return { triggers: { mode: 'manual' }, lifecycle, notes: [] };
  const expression = withOneDay(given);
  const entry: NonNullable<Triggers['schedule']> = {
    expression,
    ...(schedule?.timezone === undefined ? {} : { timeZone: schedule.timezone }),
    // Image Builder's own default is the second one (imagebuilder Schedule.pipelineExecutionStartCondition).
    startCondition:
      schedule?.pipelineExecutionStartCondition === 'EXPRESSION_MATCH_ONLY'
        ? 'always'
        : 'dependency-updates-available',
  };
  const when = `${expression}${entry.timeZone === undefined ? '' : ` ${entry.timeZone}`}, ${entry.startCondition}`;
  const manual = (field: string, reason: string) => ({
    triggers: { mode: 'manual' as const },
    lifecycle,
    notes: [{ field, reason }],
  });
  if (status === 'DISABLED')
    return manual('imagePipeline.status', `It is disabled, so its mode is manual. Its schedule is: ${when}.`);
  const triggers: Triggers = { mode: 'schedule', schedule: entry };
  const refused = describeRefusal(triggers);
  if (refused !== undefined)
    return manual(
      FIELD,
      `It would be refused, so its mode is manual: ${refused}. Its schedule is: ${when}. Correct it, and write it to triggers.schedule.`,
    );
  return {
    triggers,
    lifecycle,
    notes: [
      ...noteIf(
        expression !== given,
        `${FIELD}.scheduleExpression`,
        `${given} names two days, of which one has to be ?; it is written as ${expression}.`,
      ),
      ...noteIf(
        expression.startsWith('rate('),
        `${FIELD}.scheduleExpression`,
        `${expression} counts anew from the moment at which the definition is applied.`,
      ),
    ],
  };
}

/** AWS's samples have `*` for the unused day field, where Image Builder's rules require `?` (docs/aws/image-builder.md#schedules). */
function withOneDay(expression: string): string {
  const fields = /^cron\((.*)\)$/.exec(expression)?.[1]?.trim().split(/\s+/) ?? [];
  if (fields[MONTH_DAY] === '?' || fields[WEEKDAY] === '?') return expression;
  const any = [WEEKDAY, MONTH_DAY].find((place) => fields[place] === '*');
  return any === undefined ? expression : `cron(${fields.with(any, '?').join(' ')})`;
}

/** Why the schema or apply would refuse the schedule. */
function describeRefusal(triggers: Triggers): string | undefined {
  const parsed = DefinitionSchema.unwrap().shape.triggers.safeParse(triggers);
  const problems = parsed.success
    ? checkTimes({ calendar: cronerCalendar, clock: systemClock }, { triggers: parsed.data }).map(
        ({ field, message }) => `${field}: ${message}`,
      )
    : parsed.error.issues.map(({ path, message }) => `triggers.${path.join('.')} ${message}`);
  return problems.length === 0 ? undefined : problems.join('; ');
}
