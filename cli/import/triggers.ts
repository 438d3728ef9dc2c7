/** When an imported pipeline bakes. */
import type { ImagePipeline } from '@aws-sdk/client-imagebuilder';
import type { DefinitionInput } from '../../shared/domain/definitions/definition.ts';
import { type Note, noteIf } from './notes.ts';

type Triggers = NonNullable<DefinitionInput['triggers']>;

/** No schedule is `manual`; so is a disabled pipeline, which may still be run by hand (imagebuilder StartImagePipelineExecution). */
export function triggersOf({ schedule, status }: ImagePipeline): {
  readonly triggers: Triggers;
  readonly lifecycle: DefinitionInput['lifecycle'];
  readonly notes: Note[];
} {
  const expression = schedule?.scheduleExpression;
  const failures = schedule?.autoDisablePolicy?.failureCount;
  const lifecycle = failures === undefined ? undefined : { maxFailures: failures };
  if (expression === undefined) return { triggers: { mode: 'manual' }, lifecycle, notes: [] };
  const entry: NonNullable<Triggers['schedule']> = {
    expression,
    ...(schedule?.timezone === undefined ? {} : { timeZone: schedule.timezone }),
    // Image Builder's own default is the second one (imagebuilder Schedule.pipelineExecutionStartCondition).
    startCondition:
      schedule?.pipelineExecutionStartCondition === 'EXPRESSION_MATCH_ONLY'
        ? 'always'
        : 'dependency-updates-available',
  };
  if (status !== 'DISABLED')
    return {
      triggers: { mode: 'schedule', schedule: entry },
      lifecycle,
      notes: noteIf(
        expression.startsWith('rate('),
        'imagePipeline.schedule.scheduleExpression',
        `${expression} counts anew from the moment at which the definition is applied.`,
      ),
    };
  const when = `${expression}${entry.timeZone === undefined ? '' : ` ${entry.timeZone}`}, ${entry.startCondition}`;
  return {
    triggers: { mode: 'manual' },
    lifecycle,
    notes: [
      {
        field: 'imagePipeline.status',
        reason: `It is disabled, so its mode is manual. Its schedule is: ${when}.`,
      },
    ],
  };
}
