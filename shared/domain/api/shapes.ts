/** Answers that show records: pages, problems, pipelines, bakes, releases, changes, approvals. */
import * as z from 'zod';
import { DefinitionSchema, TEAM_NAME } from '../definitions/definition.ts';
import { HOLD_REASONS } from '../reconcile/hold-reasons.ts';
import { ApprovalRecordSchema } from '../records/approvals.ts';
import {
  ArtifactRecordSchema,
  AttemptRecordSchema,
  BakeRecordSchema,
  StepRecordSchema,
} from '../records/bakes.ts';
import { TargetRecordSchema } from '../records/distributions.ts';
import { GateRecordSchema } from '../records/gates.ts';
import { LockSchema } from '../records/locks.ts';
import { DisabledSchema } from '../records/pipelines.ts';
import { ReleaseRecordSchema } from '../records/releases.ts';
import { ChangeRecordSchema } from '../records/selectors.ts';
import { HoldReasonSchema } from '../records/status.ts';
import { SuiteResultSchema, TestRecordSchema } from '../records/tests.ts';
import { CHANNEL_NAME, PIPELINE_NAME } from '../selectors/pipeline.ts';

/** A hold reason as the API answers it: one of the codes of the table. */
export const DecidedHoldReasonSchema = z.lazy(() =>
  HoldReasonSchema.unwrap().extend({ code: z.string().meta({ enum: Object.keys(HOLD_REASONS) }) }),
);

export const PAGE_LIMIT = 100;

export const PageQuerySchema = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(PAGE_LIMIT)
    .default(25)
    .meta({ description: `Entries on a page, at most ${PAGE_LIMIT}.` }),
  cursor: z
    .string()
    .min(1)
    .max(2048)
    .optional()
    .meta({ description: 'The `cursor` of the page before; it is opaque.' }),
});
export type PageQuery = z.output<typeof PageQuerySchema>;

export function createPageSchema<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    cursor: z
      .string()
      .optional()
      .meta({ description: 'Hand it back for the next page; absent on the last.' }),
  });
}

export const PipelineName = z.string().regex(PIPELINE_NAME);
export const TeamName = z.string().regex(TEAM_NAME);
export const Time = z.iso.datetime();

export const ProblemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().meta({ description: 'What is wrong and what to do, for people.' }),
    code: z.string().meta({ description: 'Stable name of the error, for programs.' }),
    requestId: z.string().optional(),
    problems: z
      .array(
        z.object({
          field: z.string(),
          message: z.string(),
          fix: z.string().optional(),
          file: z.string().optional(),
          line: z.number().optional(),
        }),
      )
      .optional()
      .meta({ description: 'Each thing that is wrong in what was sent.' }),
  })
  .catchall(z.unknown())
  .meta({ id: 'Problem', description: 'An error, as application/problem+json (RFC 9457).' });
export type ProblemDetails = z.output<typeof ProblemSchema>;

export const ChangeSchema = ChangeRecordSchema.unwrap().omit({ cursor: true }).meta({
  id: 'Change',
  description: "A selector's version changed.",
});
export type Change = z.output<typeof ChangeSchema>;

export const ApprovalSchema = ApprovalRecordSchema.unwrap()
  .omit({ notified: true, evidence: true, quorum: true, barred: true, voteCount: true })
  .meta({ id: 'Approval', description: 'A request to approve an image, and what became of it.' });
export type Approval = z.output<typeof ApprovalSchema>;

export const ReleaseSchema = ReleaseRecordSchema.unwrap().meta({
  id: 'Release',
  description: 'An approved image, verified on every required target, that was made current in a channel.',
});
export type Release = z.output<typeof ReleaseSchema>;

export const BakeSchema = BakeRecordSchema.unwrap()
  .omit({ lock: true, fingerprintInputs: true })
  .meta({ id: 'Bake', description: 'One run of a pipeline. Its state is that of its latest attempt.' });
export type Bake = z.output<typeof BakeSchema>;

const StepSchema = StepRecordSchema.unwrap().omit({ bake: true }).meta({ id: 'Step' });
const AttemptSchema = AttemptRecordSchema.unwrap().omit({ bake: true }).meta({ id: 'Attempt' });

export const BakeDetailsSchema = BakeSchema.extend({
  lock: LockSchema,
  attempts: z.array(AttemptSchema),
  steps: z.array(StepSchema).meta({ description: 'Of all attempts, in the order in which they are done.' }),
  images: z.array(ArtifactRecordSchema.unwrap().omit({ bake: true })),
  tests: z.array(
    TestRecordSchema.unwrap()
      .omit({ bake: true })
      .extend({ results: z.array(SuiteResultSchema) }),
  ),
  gates: z
    .array(GateRecordSchema.unwrap().omit({ bake: true }))
    .meta({ description: 'The verdict of each gate, of all attempts.' }),
  targets: z.array(
    TargetRecordSchema.unwrap().pick({
      account: true,
      region: true,
      variant: true,
      mode: true,
      required: true,
      state: true,
      artifact: true,
      problem: true,
      copyAttempts: true,
      parameter: true,
      launchTemplate: true,
      launchTemplateVersion: true,
    }),
  ),
  /** Each change that it takes up, with the first change of its chain. */
  changeDetails: z.array(ChangeSchema.extend({ first: ChangeSchema.optional() })),
  approval: ApprovalSchema.optional(),
}).meta({ id: 'BakeDetails' });
export type BakeDetails = z.output<typeof BakeDetailsSchema>;

export const OwnerSchema = z.object({ pipeline: PipelineName, team: TeamName }).meta({ id: 'Owner' });

export const PipelineSchema = z
  .object({
    name: PipelineName,
    description: z.string(),
    team: TeamName,
    channel: z.string().regex(CHANNEL_NAME),
    revision: z.number().int().positive(),
    enabled: z.boolean(),
    disabled: DisabledSchema.unwrap().optional().meta({ description: 'Who disabled it, when and why.' }),
    parents: z.array(z.string()),
    activeBake: z.string().optional(),
    pending: z.boolean(),
    decision: z
      .object({
        at: Time,
        kind: z.enum(['start', 'hold', 'up-to-date']),
        reasons: z.array(DecidedHoldReasonSchema),
        bake: z.string().optional(),
      })
      .optional()
      .meta({ description: 'Why it bakes, or why it does not, as it was decided.' }),
    current: z
      .object({ release: z.string(), bake: z.string(), images: z.record(z.string(), z.string()), at: Time })
      .optional()
      .meta({ description: 'What its channel holds now.' }),
    createdAt: Time,
    updatedAt: Time,
  })
  .meta({ id: 'Pipeline' });
export type Pipeline = z.output<typeof PipelineSchema>;

export const PipelineDetailsSchema = PipelineSchema.extend({
  definition: DefinitionSchema,
  appliedBy: z.string(),
  selectors: z.array(
    z.object({
      key: z.string(),
      version: z.string().optional(),
      since: Time.optional(),
      problem: z.string().optional(),
    }),
  ),
  children: z.array(z.string()),
  bakes: z.array(BakeSchema).meta({ description: 'The newest ones first.' }),
}).meta({ id: 'PipelineDetails' });
export type PipelineDetails = z.output<typeof PipelineDetailsSchema>;

export const AppliedSchema = z
  .object({
    pipeline: z.string(),
    revision: z.number().int().positive(),
    outcome: z.enum(['created', 'changed', 'unchanged']),
    notes: z.array(z.string()).meta({ description: 'What is allowed but should be known.' }),
  })
  .meta({ id: 'Applied' });
export type Applied = z.output<typeof AppliedSchema>;

const TargetCheckSchema = z.object({
  account: z.string(),
  region: z.string(),
  modes: z.array(z.string()).meta({ description: 'How images arrive there: `copy`, `share`.' }),
  pipelines: z.number().int().meta({ description: 'Pipelines that are distributed there.' }),
  problems: z
    .array(z.object({ problem: z.string(), fix: z.string() }))
    .meta({ description: 'What would fail there; empty where everything is in order.' }),
});
export type TargetCheck = z.infer<typeof TargetCheckSchema>;

export const TargetChecksSchema = z.object({
  items: z.array(TargetCheckSchema),
  after: z.string().optional().meta({ description: 'Ask with it for the rest.' }),
});
export type TargetChecks = z.infer<typeof TargetChecksSchema>;
