/** Bodies and answers of the API's writing operations. */
import * as z from 'zod';
import { AttemptRecordSchema } from '../records/bakes.ts';
import { DisabledSchema } from '../records/pipelines.ts';
import { DecidedHoldReasonSchema } from './shapes.ts';

export const BakeRequestSchema = z.strictObject({
  force: z.boolean().default(false).meta({
    description: 'Bake although the pipeline is up to date, or although its last bake was refused.',
  }),
});

export const RetryRequestSchema = z.strictObject({
  force: z
    .boolean()
    .default(false)
    .meta({ description: 'Start although the pipeline is in a freeze window.' }),
});

export const BakeAnswerSchema = z
  .object({
    pipeline: z.string(),
    outcome: z.enum(['started', 'running', 'up-to-date', 'held']).meta({
      description:
        'A bake started; one runs that takes the request up; there is nothing to bake; the request is remembered and held.',
    }),
    bake: z.string().optional(),
    release: z.string().optional().meta({ description: 'The release that is up to date.' }),
    change: z.string().optional().meta({ description: 'Id under which the request was recorded.' }),
    reasons: z.array(DecidedHoldReasonSchema).meta({ description: 'Why nothing started.' }),
  })
  .meta({ id: 'BakeAnswer' });
export type BakeAnswer = z.output<typeof BakeAnswerSchema>;

const ReconcileOutcomeSchema = z.enum(['started', 'running', 'superseding', 'up-to-date', 'held']);

export const EnabledSchema = z
  .object({
    pipeline: z.string(),
    outcome: z.enum(['changed', 'unchanged']),
    plan: ReconcileOutcomeSchema.meta({ description: 'What was decided at once.' }),
    bake: z.string().optional(),
    reasons: z.array(DecidedHoldReasonSchema).meta({ description: 'Why nothing started.' }),
  })
  .meta({ id: 'Enabled' });
export type EnabledAnswer = z.output<typeof EnabledSchema>;

export const DisableRequestSchema = z.strictObject({
  reason: z.string().max(500).default('').meta({ description: 'Why, for other people.' }),
});

export const DisabledAnswerSchema = z
  .object({
    pipeline: z.string(),
    outcome: z.enum(['changed', 'unchanged']),
    disabled: DisabledSchema.unwrap(),
    bake: z.string().optional().meta({ description: 'A bake that runs and goes on.' }),
  })
  .meta({ id: 'DisabledAnswer' });
export type DisabledAnswer = z.output<typeof DisabledAnswerSchema>;

export const DeletedSchema = z
  .object({ pipeline: z.string(), revision: z.number().int().positive() })
  .meta({ id: 'Deleted', description: 'What was deleted; its bakes and releases stay readable.' });
export type Deleted = z.output<typeof DeletedSchema>;

export const AttemptStateSchema = z
  .object({
    bake: z.string(),
    attempt: z.number().int().positive(),
    state: AttemptRecordSchema.unwrap().shape.state,
  })
  .meta({ id: 'AttemptState' });

export const DecisionRequestSchema = z.strictObject({
  decision: z.enum(['approve', 'reject']),
  comment: z.string().max(2000).default('').meta({ description: 'A rejection needs a reason.' }),
});
