/** Answers that explain: explanations, the graph, plans. */
import * as z from 'zod';
import { RemedySchema } from '../reconcile/remedies.ts';
import { BakeRecordSchema } from '../records/bakes.ts';
import { DisabledSchema, ScheduleSchema } from '../records/pipelines.ts';
import { SelectorKindName } from '../selectors/selectors.ts';
import {
  AppliedSchema,
  ApprovalSchema,
  BakeSchema,
  ChangeSchema,
  DecidedHoldReasonSchema,
  PageQuerySchema,
  PipelineName,
  Time,
} from './shapes.ts';

const RemediedHoldReasonSchema = DecidedHoldReasonSchema.unwrap()
  .extend({ remedies: z.array(RemedySchema.unwrap()) })
  .meta({ id: 'HoldReason', description: 'Why a pipeline does not bake, with what would end that.' });

const ChangeLinkSchema = z.object({
  kind: z.literal('change'),
  is: z.enum(['version', 'release', 'definition', 'request', 'tick', 'finding']),
  change: ChangeSchema,
});
const BakeLinkSchema = z.object({
  kind: z.literal('bake'),
  bake: z.string(),
  pipeline: z.string(),
  release: z.string().meta({ description: 'The release that the next change is about.' }),
});

export const ExplanationSchema = z
  .object({
    pipeline: z.string(),
    at: Time,
    state: z.enum(['baking', 'held', 'due', 'current', 'never-baked']),
    disabled: DisabledSchema.unwrap().optional(),
    current: z
      .object({ release: z.string(), bake: z.string(), at: Time })
      .optional()
      .meta({ description: 'What its channel holds now.' }),
    last: BakeSchema.extend({
      chains: z.array(z.array(z.discriminatedUnion('kind', [ChangeLinkSchema, BakeLinkSchema]))).meta({
        description:
          'For each change that the bake took up, the way from the first change of its chain down to it, over the bakes in between.',
      }),
      more: z.number().int().meta({ description: 'Changes that it took up beside these.' }),
      approval: ApprovalSchema.pick({ state: true, approvers: true, expiresAt: true, earlierRounds: true })
        .optional()
        .meta({ description: 'The request to approve its newest attempt, and whom it asked before.' }),
      moreCauses: z.number().int().optional().meta({
        description: 'First changes of these that no chain here begins with, because there are so many.',
      }),
    })
      .optional()
      .meta({ description: 'The newest bake and what led to it.' }),
    decision: z
      .object({
        at: Time,
        kind: z.enum(['start', 'hold', 'up-to-date']),
        reasons: z.array(RemediedHoldReasonSchema),
        bake: z.string().optional(),
      })
      .optional()
      .meta({
        description:
          'What was decided last; each reason with the conditions that end it, each of them alone unless it names others in `also`. None where the bake that runs makes all that is desired.',
      }),
    isOutdated: z.boolean().meta({
      description: 'A change came since that was decided; it is decided again at `dueAt`.',
    }),
    dueAt: Time.optional().meta({ description: 'When it is reconciled again.' }),
    request: z.object({ id: z.string(), by: z.string(), at: Time, force: z.boolean() }).optional(),
    pending: z.array(ChangeSchema).meta({ description: 'Changes that no bake has taken up, oldest first.' }),
    morePending: z.number().int(),
    schedule: ScheduleSchema.unwrap()
      .extend({ open: Time.optional(), next: Time.optional() })
      .optional()
      .meta({ description: '`open`: a tick that has come and is not taken up. `next`: the next one.' }),
    frozen: z.object({ until: Time, reason: z.string() }).optional(),
    unresolved: z
      .array(
        z.object({
          key: z.string(),
          version: z.string().optional(),
          problem: z.string(),
          checkedAt: Time.optional(),
          unsettled: z
            .object({ version: z.string(), until: Time })
            .optional()
            .meta({ description: 'Flapping: this version is used if it is still current then.' }),
        }),
      )
      .meta({
        description:
          'Selectors that cannot be resolved now, or are flapping; a version that was known stays.',
      }),
  })
  .meta({ id: 'Explanation' });
export type Explanation = z.output<typeof ExplanationSchema>;

export const GraphSchema = z
  .object({
    nodes: z.array(
      z.object({
        id: z.string().meta({ description: 'Name of a pipeline, or key of a selector.' }),
        kind: SelectorKindName,
        version: z.string().optional().meta({ description: 'Its release, or what the selector means now.' }),
        stale: z
          .boolean()
          .optional()
          .meta({ description: 'Its release is not what is desired now, or not in every target.' }),
        baking: z.boolean().optional(),
        disabled: z.boolean().optional(),
      }),
    ),
    edges: z.array(
      z.object({
        from: z.string(),
        to: z.string().meta({ description: 'The pipeline that is made of it.' }),
        as: z.enum(['base', 'component', 'input', 'test']),
      }),
    ),
    truncated: z.boolean().meta({ description: 'There is more above or below than is listed here.' }),
    cursor: z.string().optional(),
  })
  .meta({ id: 'Graph', description: 'Which pipeline is built on what. Pages share nodes of selectors.' });
export type Graph = z.output<typeof GraphSchema>;

export const GraphQuerySchema = PageQuerySchema.extend({
  upstream: PipelineName.optional().meta({ description: 'Only this pipeline and all that it is built on.' }),
  downstream: PipelineName.optional().meta({
    description: 'Only this pipeline and all that is built on it.',
  }),
});
export type GraphQuery = z.output<typeof GraphQuerySchema>;

export const PreviewRequestSchema = z.strictObject({
  definitions: z
    .array(z.unknown())
    .max(100)
    .default([])
    .meta({ description: 'As the operation applyDefinition takes them, parents first.' }),
  changes: z
    .array(
      z.strictObject({
        selector: z.string().min(1).max(1024).meta({
          description:
            'As a definition writes it with its kind, such as component:harden-ssh/1.x.x, or its key.',
        }),
        version: z.string().min(1).max(1024).meta({ description: 'The version that it would resolve to.' }),
      }),
    )
    .max(50)
    .default([]),
});
export type PreviewRequest = z.output<typeof PreviewRequestSchema>;

const CostSchema = z.object({
  build: z.number(),
  test: z.number(),
  transfer: z.number(),
  monthly: z.number().meta({ description: 'For each month that the copies are kept.' }),
  unknown: z.array(z.string()).meta({ description: 'What is left out of the sums.' }),
});

const PlannedBakeSchema = z.object({
  pipeline: z.string(),
  startsAt: z.enum(['Build', 'Test', 'Approve', 'Distribute']),
  reason: z.string(),
  changes: z.array(ChangeSchema.pick({ id: true, selector: true, from: true, to: true })),
  isAsked: z.boolean().meta({ description: 'False for what would bake without what was asked, too.' }),
  isSuperseded: z.boolean().meta({ description: 'Newer versions supersede it before it is approved.' }),
  startsIn: z.number().meta({ description: 'Seconds from now.' }),
  seconds: z
    .number()
    .optional()
    .meta({ description: 'How long it takes without approval, if that is known.' }),
  timesFrom: z
    .enum(['pipeline', 'all', 'nothing'])
    .meta({ description: 'Whose past bakes the time is estimated from.' }),
  needsApproval: z.boolean(),
  targets: z.array(
    z.object({
      account: z.string(),
      region: z.string(),
      mode: z.enum(['copy', 'share']),
      required: z.boolean(),
    }),
  ),
  cost: CostSchema.optional(),
});

export const PreviewSchema = z
  .object({
    at: Time,
    applied: z.array(AppliedSchema),
    moved: z.array(ChangeSchema).meta({ description: 'Versions that would change.' }),
    notes: z.array(z.string()),
    confirm: z.array(ChangeSchema).meta({
      description:
        'Changes whose wave is so large that it waits for a confirmation; the plan goes on as if confirmed.',
    }),
    waves: z.array(z.object({ level: z.number().int(), bakes: z.array(PlannedBakeSchema) })).meta({
      description: 'Which pipelines would bake: each wave takes up the releases of those before it.',
    }),
    running: z.array(
      z.object({ bake: z.string(), pipeline: z.string(), state: BakeRecordSchema.unwrap().shape.state }),
    ),
    held: z
      .array(
        z.object({
          pipeline: z.string(),
          reasons: z.array(RemediedHoldReasonSchema),
        }),
      )
      .meta({ description: 'What would not start within a day, and why.' }),
    seconds: z.number().optional().meta({
      description: 'Until the last release of what was asked, without the time that approvals take.',
    }),
    unknownTime: z.array(z.string()).meta({ description: 'Pipelines whose bakes take an unknown time.' }),
    approvals: z.object({ count: z.number().int(), seconds: z.number().optional() }).meta({
      description: 'How many approvals are needed; how long one usually takes.',
    }),
    cost: CostSchema.extend({
      currency: z.string(),
      prices: z.object({ source: z.string(), date: z.string(), region: z.string() }),
    }),
    stopped: z.string().optional().meta({ description: 'Where the plan was cut off.' }),
  })
  .meta({ id: 'Preview', description: 'What would happen; nothing of it has been written.' });
export type Preview = z.output<typeof PreviewSchema>;
