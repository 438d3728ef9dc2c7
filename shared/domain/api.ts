import * as z from 'zod';
import { DefinitionSchema } from './definition.ts';
import {
  ApprovalRecordSchema,
  AttemptRecordSchema,
  BakeRecordSchema,
  ChangeRecordSchema,
  DisabledSchema,
  FailureSchema,
  HoldReasonSchema,
  ImageRecordSchema,
  LockSchema,
  ReleaseRecordSchema,
  ScheduleSchema,
  StepRecordSchema,
  SuiteResultSchema,
  TargetRecordSchema,
  TestRecordSchema,
} from './records.ts';
import { RemedySchema } from './remedies.ts';
import { CHANNEL_NAME, PIPELINE_NAME } from './selectors.ts';

/** The API's shapes: handlers answer through them, the OpenAPI document is generated from them, the command line reads with them. */

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

function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    cursor: z
      .string()
      .optional()
      .meta({ description: 'Hand it back for the next page; absent on the last.' }),
  });
}

const PipelineName = z.string().regex(PIPELINE_NAME);
const Time = z.iso.datetime();

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
  description: 'A selector moved from one version to another.',
});
export type Change = z.output<typeof ChangeSchema>;

export const ApprovalSchema = ApprovalRecordSchema.unwrap().omit({ notified: true, evidence: true }).meta({
  id: 'Approval',
  description: 'A request to approve an image, and what became of it.',
});
export type Approval = z.output<typeof ApprovalSchema>;

export const ReleaseSchema = ReleaseRecordSchema.unwrap().meta({
  id: 'Release',
  description: 'An approved image, verified on every required target, that was made current in a channel.',
});
export type Release = z.output<typeof ReleaseSchema>;

export const BakeSchema = BakeRecordSchema.unwrap()
  .pick({
    id: true,
    pipeline: true,
    revision: true,
    channel: true,
    bits: true,
    proof: true,
    attempt: true,
    state: true,
    startsAt: true,
    reuses: true,
    release: true,
    reason: true,
    requestedBy: true,
    changes: true,
    causes: true,
    createdAt: true,
    endedAt: true,
  })
  .meta({ id: 'Bake', description: 'One run of a pipeline. Its state is that of its latest attempt.' });
export type Bake = z.output<typeof BakeSchema>;

const StepSchema = StepRecordSchema.unwrap().omit({ bake: true }).meta({ id: 'Step' });
const AttemptSchema = AttemptRecordSchema.unwrap()
  .omit({ bake: true })
  .extend({ failure: FailureSchema.optional() })
  .meta({ id: 'Attempt' });

export const BakeDetailsSchema = BakeSchema.extend({
  lock: LockSchema,
  attempts: z.array(AttemptSchema),
  steps: z.array(StepSchema).meta({ description: 'Of all attempts, in the order in which they are done.' }),
  images: z.array(ImageRecordSchema.unwrap().omit({ bake: true })),
  tests: z.array(
    TestRecordSchema.unwrap()
      .omit({ bake: true })
      .extend({ results: z.array(SuiteResultSchema) }),
  ),
  targets: z.array(
    TargetRecordSchema.unwrap().pick({
      account: true,
      region: true,
      variant: true,
      mode: true,
      required: true,
      state: true,
      imageId: true,
      problem: true,
      copyAttempts: true,
      parameter: true,
      launchTemplate: true,
      launchTemplateVersion: true,
    }),
  ),
  /** Each change that it takes up, with the first change of its chain. */
  changesInFull: z.array(ChangeSchema.extend({ first: ChangeSchema.optional() })),
  approval: ApprovalSchema.optional(),
}).meta({ id: 'BakeDetails' });
export type BakeDetails = z.output<typeof BakeDetailsSchema>;

export const PipelineSchema = z
  .object({
    name: PipelineName,
    description: z.string(),
    team: z.string().optional(),
    channel: z.string().regex(CHANNEL_NAME),
    revision: z.number().int().positive(),
    enabled: z.boolean(),
    disabled: DisabledSchema.unwrap().optional().meta({ description: 'Who disabled it, when and why.' }),
    parents: z.array(z.string()),
    activeBake: z.string().optional(),
    dirty: z.boolean(),
    decision: z
      .object({
        at: Time,
        kind: z.enum(['start', 'hold', 'current']),
        reasons: z.array(HoldReasonSchema),
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

const RemediedSchema = HoldReasonSchema.unwrap()
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
  release: z.string().meta({ description: 'What the next change tells of.' }),
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
    })
      .optional()
      .meta({ description: 'The newest bake and what led to it.' }),
    decision: z
      .object({
        at: Time,
        kind: z.enum(['start', 'hold', 'current']),
        reasons: z.array(RemediedSchema),
        bake: z.string().optional(),
      })
      .optional()
      .meta({
        description:
          'What was decided last; each reason with the conditions that end it, each of them alone.',
      }),
    isOutdated: z.boolean().meta({
      description: 'It has been told of something since that was decided, and is planned again at `dueAt`.',
    }),
    dueAt: Time.optional().meta({ description: 'When it is looked at again.' }),
    request: z.object({ id: z.string(), by: z.string(), at: Time, force: z.boolean() }).optional(),
    pending: z.array(ChangeSchema).meta({ description: 'Changes that no bake has taken up, oldest first.' }),
    morePending: z.number().int(),
    schedule: ScheduleSchema.unwrap()
      .extend({ open: Time.optional(), next: Time.optional() })
      .optional()
      .meta({ description: '`open`: a tick that has come and is not taken up. `next`: the next one.' }),
    frozen: z.object({ until: Time, reason: z.string() }).optional(),
    troubled: z
      .array(
        z.object({
          key: z.string(),
          version: z.string().optional(),
          problem: z.string(),
          checkedAt: Time.optional(),
          unsettled: z
            .object({ version: z.string(), until: Time })
            .optional()
            .meta({ description: 'It goes to and fro: this version is followed if it still stands then.' }),
        }),
      )
      .meta({
        description: 'Selectors that are not followed now; a version that was known stays.',
      }),
  })
  .meta({ id: 'Explanation' });
export type Explanation = z.output<typeof ExplanationSchema>;

export const GraphSchema = z
  .object({
    nodes: z.array(
      z.object({
        id: z.string().meta({ description: 'Name of a pipeline, or key of a selector.' }),
        kind: z.enum([
          'pipeline',
          'component',
          'ssm',
          'image',
          'ami',
          'lookup',
          'container',
          'source',
          'packages',
        ]),
        version: z.string().optional().meta({ description: 'Its release, or what the selector means now.' }),
        stale: z.boolean().optional().meta({ description: 'Its release is not what is wanted now.' }),
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
    isCut: z.boolean().meta({ description: 'There is more above or below than is told here.' }),
    cursor: z.string().optional(),
  })
  .meta({ id: 'Graph', description: 'Who is built on what. Pages share nodes of selectors.' });
export type Graph = z.output<typeof GraphSchema>;

export const GraphQuerySchema = PageQuerySchema.extend({
  upstream: PipelineName.optional().meta({ description: 'Only this pipeline and all that it is built on.' }),
  downstream: PipelineName.optional().meta({
    description: 'Only this pipeline and all that is built on it.',
  }),
});
export type GraphQuery = z.output<typeof GraphQuerySchema>;

export const AppliedSchema = z
  .object({
    pipeline: z.string(),
    revision: z.number().int().positive(),
    outcome: z.enum(['created', 'changed', 'unchanged']),
    notes: z.array(z.string()).meta({ description: 'What is allowed but should be known.' }),
  })
  .meta({ id: 'Applied' });
export type Applied = z.output<typeof AppliedSchema>;

export const PreviewRequestSchema = z.strictObject({
  definitions: z
    .array(z.unknown())
    .max(100)
    .default([])
    .meta({ description: 'As POST /pipelines takes them, parents first.' }),
  changes: z
    .array(
      z.strictObject({
        selector: z.string().min(1).max(1024).meta({
          description:
            'As a definition writes it with its kind, such as component:harden-ssh/1.x.x, or its key.',
        }),
        version: z.string().min(1).max(1024).meta({ description: 'What it would mean.' }),
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
  isAsked: z.boolean().meta({ description: 'False for what would happen without what was asked, too.' }),
  isSuperseded: z.boolean().meta({ description: 'Newer versions overtake it before it is approved.' }),
  startsIn: z.number().meta({ description: 'Seconds from now.' }),
  seconds: z
    .number()
    .optional()
    .meta({ description: 'How long it takes without approval, if that is known.' }),
  timesFrom: z
    .enum(['pipeline', 'all', 'nothing'])
    .meta({ description: 'Whose bakes tell how long it takes.' }),
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
    moved: z.array(ChangeSchema).meta({ description: 'What would move.' }),
    notes: z.array(z.string()),
    confirm: z.array(ChangeSchema).meta({
      description:
        'Changes whose wave is so large that it waits for a person; the plan goes on as if confirmed.',
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
          reasons: z.array(RemediedSchema),
        }),
      )
      .meta({ description: 'What would not start within a day, and why.' }),
    seconds: z.number().optional().meta({
      description: 'Until the last release of what was asked, without the time that approvals take.',
    }),
    unknownTime: z.array(z.string()).meta({ description: 'Pipelines that nobody knows how long to bake.' }),
    approvals: z.object({ count: z.number().int(), seconds: z.number().optional() }).meta({
      description: 'How many images a person is asked for; how long that usually takes.',
    }),
    cost: CostSchema.extend({
      currency: z.string(),
      prices: z.object({ source: z.string(), date: z.string(), region: z.string() }),
    }),
    stopped: z.string().optional().meta({ description: 'Where the plan was cut off.' }),
  })
  .meta({ id: 'Preview', description: 'What would happen; nothing of it has been written.' });
export type Preview = z.output<typeof PreviewSchema>;

export const BakeRequestSchema = z.strictObject({
  force: z.boolean().default(false).meta({
    description: 'Bake although the pipeline is up to date, or although its last bake was refused.',
  }),
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
    reasons: z.array(HoldReasonSchema).meta({ description: 'Why nothing started.' }),
  })
  .meta({ id: 'BakeAnswer' });
export type BakeAnswer = z.output<typeof BakeAnswerSchema>;

const WentOn = z.enum(['started', 'running', 'superseding', 'up-to-date', 'held']);

export const EnabledSchema = z
  .object({
    pipeline: z.string(),
    outcome: z.enum(['changed', 'unchanged']),
    plan: WentOn.meta({ description: 'What came of it at once.' }),
    bake: z.string().optional(),
    reasons: z.array(HoldReasonSchema).meta({ description: 'Why nothing started.' }),
  })
  .meta({ id: 'Enabled' });
export type EnabledAnswer = z.output<typeof EnabledSchema>;

export const DisableRequestSchema = z.strictObject({
  reason: z.string().max(500).default('').meta({ description: 'What others should know.' }),
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

export const EndedSchema = z
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

const IdParameter = z.object({ id: z.string().min(1).max(64) });
const NameParameter = z.object({ name: PipelineName });
const OfPipeline = PageQuerySchema.extend({ pipeline: PipelineName.optional() });

export interface Operation {
  readonly method: 'get' | 'post' | 'delete';
  /** With `{name}` for parameters, as OpenAPI and API Gateway write it. */
  readonly path: string;
  readonly summary: string;
  readonly parameters?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly status: 200 | 201 | 202;
  readonly answer: z.ZodType;
  /** Codes of the problems that it may answer, beside those that every operation may. */
  readonly problems: readonly string[];
}

/** Everything that the API does. The handler has a function for each, the document a path, and a test compares them. */
export const OPERATIONS = {
  applyDefinition: {
    method: 'post',
    path: '/pipelines',
    summary: 'Store a definition as a new revision of its pipeline',
    body: DefinitionSchema,
    status: 200,
    answer: AppliedSchema,
    problems: ['invalid-definition', 'dependency-cycle', 'pipeline-not-found', 'revision-conflict'],
  },
  listPipelines: {
    method: 'get',
    path: '/pipelines',
    summary: 'List pipelines by name',
    query: PageQuerySchema,
    status: 200,
    answer: pageOf(PipelineSchema),
    problems: [],
  },
  showPipeline: {
    method: 'get',
    path: '/pipelines/{name}',
    summary: 'Show a pipeline: definition, versions, why it bakes or not, newest bakes',
    parameters: NameParameter,
    status: 200,
    answer: PipelineDetailsSchema,
    problems: ['pipeline-not-found'],
  },
  previewPlan: {
    method: 'post',
    path: '/plan',
    summary: 'Say what would bake if definitions were applied and selectors moved; nothing is written',
    body: PreviewRequestSchema,
    status: 200,
    answer: PreviewSchema,
    problems: ['invalid-definition', 'dependency-cycle', 'pipeline-not-found', 'revision-conflict'],
  },
  explainPipeline: {
    method: 'get',
    path: '/pipelines/{name}/explain',
    summary: 'Say why a pipeline was last baked, why it does not bake now, and what would make it',
    parameters: NameParameter,
    status: 200,
    answer: ExplanationSchema,
    problems: ['pipeline-not-found'],
  },
  showGraph: {
    method: 'get',
    path: '/graph',
    summary: 'Show who is built on what, with what is stale and what is baking',
    query: GraphQuerySchema,
    status: 200,
    answer: GraphSchema,
    problems: ['pipeline-not-found'],
  },
  deletePipeline: {
    method: 'delete',
    path: '/pipelines/{name}',
    summary: 'Delete a pipeline that nothing is built on; its bakes and releases stay readable',
    parameters: NameParameter,
    status: 200,
    answer: DeletedSchema,
    problems: ['pipeline-not-found', 'pipeline-has-children', 'pipeline-baking'],
  },
  enablePipeline: {
    method: 'post',
    path: '/pipelines/{name}/enable',
    summary: 'Let a pipeline bake by itself again, and try again what failed too often',
    parameters: NameParameter,
    status: 200,
    answer: EnabledSchema,
    problems: ['pipeline-not-found'],
  },
  disablePipeline: {
    method: 'post',
    path: '/pipelines/{name}/disable',
    summary: 'Stop a pipeline from baking by itself; a bake that runs goes on',
    parameters: NameParameter,
    body: DisableRequestSchema,
    status: 200,
    answer: DisabledAnswerSchema,
    problems: ['pipeline-not-found'],
  },
  requestBake: {
    method: 'post',
    path: '/pipelines/{name}/bakes',
    summary: 'Ask for a bake; answers the bake that started, or why none did',
    parameters: NameParameter,
    body: BakeRequestSchema,
    status: 202,
    answer: BakeAnswerSchema,
    problems: ['pipeline-not-found', 'revision-conflict'],
  },
  listBakes: {
    method: 'get',
    path: '/bakes',
    summary: 'List bakes, the newest first',
    query: OfPipeline,
    status: 200,
    answer: pageOf(BakeSchema),
    problems: ['pipeline-not-found'],
  },
  showBake: {
    method: 'get',
    path: '/bakes/{id}',
    summary: 'Show a bake: steps, attempts, images, tests, targets, lock, changes and their causes',
    parameters: IdParameter,
    status: 200,
    answer: BakeDetailsSchema,
    problems: ['bake-not-found'],
  },
  cancelBake: {
    method: 'post',
    path: '/bakes/{id}/cancel',
    summary: 'End a bake before its release; what it made is removed',
    parameters: IdParameter,
    status: 202,
    answer: EndedSchema,
    problems: ['bake-not-found', 'bake-not-cancellable'],
  },
  retryBake: {
    method: 'post',
    path: '/bakes/{id}/retry',
    summary: 'Try a bake again that ended without a release',
    parameters: IdParameter,
    status: 202,
    answer: EndedSchema,
    problems: ['bake-not-found', 'bake-not-retryable'],
  },
  listReleases: {
    method: 'get',
    path: '/releases',
    summary: 'List releases with their targets, the newest first',
    query: OfPipeline,
    status: 200,
    answer: pageOf(ReleaseSchema),
    problems: ['pipeline-not-found'],
  },
  listChanges: {
    method: 'get',
    path: '/changes',
    summary: 'List noticed changes, the newest first',
    query: PageQuerySchema.extend({
      unconfirmed: z
        .enum(['true', 'false'])
        .transform((text) => text === 'true')
        .optional()
        .meta({ description: 'Only those whose wave waits for a person to confirm it.' }),
    }),
    status: 200,
    answer: pageOf(ChangeSchema),
    problems: [],
  },
  confirmWave: {
    method: 'post',
    path: '/changes/{id}/confirm',
    summary: 'Let a wave start that is larger than may start by itself',
    parameters: IdParameter,
    status: 200,
    answer: ChangeSchema,
    problems: ['change-not-found', 'nothing-to-confirm'],
  },
  listApprovals: {
    method: 'get',
    path: '/approvals',
    summary: 'List approval requests, the newest first',
    query: PageQuerySchema.extend({
      state: ApprovalRecordSchema.unwrap()
        .shape.state.optional()
        .meta({ description: 'Only those in this state; a page may then hold fewer than `limit`.' }),
    }),
    status: 200,
    answer: pageOf(ApprovalSchema),
    problems: [],
  },
  decideApproval: {
    method: 'post',
    path: '/approvals/{id}/decision',
    summary: 'Approve or reject as the calling IAM identity',
    parameters: IdParameter,
    body: DecisionRequestSchema,
    status: 200,
    answer: ApprovalSchema,
    problems: ['approval-not-found', 'decision-conflict', 'self-approval'],
  },
} as const satisfies Readonly<Record<string, Operation>>;
export type OperationName = keyof typeof OPERATIONS;
