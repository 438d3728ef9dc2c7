/** The API's operations: handlers answer through them, the OpenAPI document is generated from them, the command line reads with them. */
import * as z from 'zod';
import { DefinitionSchema } from '../definitions/definition.ts';
import { ApprovalRecordSchema } from '../records/approvals.ts';
import {
  AttemptStateSchema,
  BakeAnswerSchema,
  BakeRequestSchema,
  DecisionRequestSchema,
  DeletedSchema,
  DisabledAnswerSchema,
  DisableRequestSchema,
  EnabledSchema,
  RetryRequestSchema,
} from './answers.ts';
import {
  ExplanationSchema,
  GraphQuerySchema,
  GraphSchema,
  PreviewRequestSchema,
  PreviewSchema,
} from './explanation.ts';
import {
  AppliedSchema,
  ApprovalSchema,
  BakeDetailsSchema,
  BakeSchema,
  ChangeSchema,
  createPageSchema,
  OwnerSchema,
  PageQuerySchema,
  PipelineDetailsSchema,
  PipelineName,
  PipelineSchema,
  ReleaseSchema,
  TeamName,
} from './shapes.ts';

const IdParameter = z.object({ id: z.string().min(1).max(64) });
const TeamParameter = z.object({ team: TeamName });
/** Every operation on one pipeline has its team in the path: IAM policies tell teams apart by it. */
const PipelineParameters = TeamParameter.extend({ name: PipelineName });

export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'delete';
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
    method: 'put',
    path: '/teams/{team}/pipelines/{name}',
    summary: 'Store a definition as a new revision of its pipeline',
    parameters: PipelineParameters,
    body: DefinitionSchema,
    status: 200,
    answer: AppliedSchema,
    problems: ['invalid-definition', 'dependency-cycle', 'revision-conflict'],
  },
  listPipelines: {
    method: 'get',
    path: '/pipelines',
    summary: 'List the pipelines of all teams by name',
    query: PageQuerySchema,
    status: 200,
    answer: createPageSchema(PipelineSchema),
    problems: [],
  },
  findTeam: {
    method: 'get',
    path: '/teams',
    summary: 'Find the team of a pipeline, or the team that a deleted pipeline had',
    query: z.object({ pipeline: PipelineName }),
    status: 200,
    answer: OwnerSchema,
    problems: ['pipeline-not-found'],
  },
  listTeamPipelines: {
    method: 'get',
    path: '/teams/{team}/pipelines',
    summary: "List a team's pipelines by name",
    parameters: TeamParameter,
    query: PageQuerySchema,
    status: 200,
    answer: createPageSchema(PipelineSchema),
    problems: [],
  },
  showPipeline: {
    method: 'get',
    path: '/teams/{team}/pipelines/{name}',
    summary: 'Show a pipeline: definition, versions, why it bakes or not, newest bakes',
    parameters: PipelineParameters,
    status: 200,
    answer: PipelineDetailsSchema,
    problems: ['pipeline-not-found'],
  },
  previewPlan: {
    method: 'post',
    path: '/plan',
    summary: 'Say what would bake if definitions were applied and selectors changed; nothing is written',
    body: PreviewRequestSchema,
    status: 200,
    answer: PreviewSchema,
    problems: ['invalid-definition', 'dependency-cycle', 'pipeline-not-found', 'revision-conflict'],
  },
  explainPipeline: {
    method: 'get',
    path: '/teams/{team}/pipelines/{name}/explain',
    summary: 'Say why a pipeline was last baked, why it does not bake now, and what would make it',
    parameters: PipelineParameters,
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
    path: '/teams/{team}/pipelines/{name}',
    summary: 'Delete a pipeline that nothing is built on; its bakes and releases stay readable',
    parameters: PipelineParameters,
    status: 200,
    answer: DeletedSchema,
    problems: ['pipeline-not-found', 'pipeline-has-children', 'pipeline-baking'],
  },
  enablePipeline: {
    method: 'post',
    path: '/teams/{team}/pipelines/{name}/enable',
    summary: 'Turn automatic bakes of a pipeline on again, and try again what failed too often',
    parameters: PipelineParameters,
    status: 200,
    answer: EnabledSchema,
    problems: ['pipeline-not-found'],
  },
  disablePipeline: {
    method: 'post',
    path: '/teams/{team}/pipelines/{name}/disable',
    summary: 'Turn automatic bakes of a pipeline off; a bake that runs goes on',
    parameters: PipelineParameters,
    body: DisableRequestSchema,
    status: 200,
    answer: DisabledAnswerSchema,
    problems: ['pipeline-not-found'],
  },
  requestBake: {
    method: 'post',
    path: '/teams/{team}/pipelines/{name}/bakes',
    summary: 'Ask for a bake; answers the bake that started, or why none did',
    parameters: PipelineParameters,
    body: BakeRequestSchema,
    status: 202,
    answer: BakeAnswerSchema,
    problems: ['pipeline-not-found', 'revision-conflict'],
  },
  listBakes: {
    method: 'get',
    path: '/bakes',
    summary: 'List bakes, the newest first',
    query: PageQuerySchema,
    status: 200,
    answer: createPageSchema(BakeSchema),
    problems: [],
  },
  listPipelineBakes: {
    method: 'get',
    path: '/teams/{team}/pipelines/{name}/bakes',
    summary: 'List the bakes of a pipeline, the newest first; those of a deleted pipeline stay',
    parameters: PipelineParameters,
    query: PageQuerySchema,
    status: 200,
    answer: createPageSchema(BakeSchema),
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
    answer: AttemptStateSchema,
    problems: ['bake-not-found', 'bake-not-cancellable'],
  },
  retryBake: {
    method: 'post',
    path: '/bakes/{id}/retry',
    summary: 'Try a bake again that ended without a release',
    parameters: IdParameter,
    body: RetryRequestSchema,
    status: 202,
    answer: AttemptStateSchema,
    problems: ['bake-not-found', 'bake-not-retryable', 'pipeline-frozen'],
  },
  listReleases: {
    method: 'get',
    path: '/releases',
    summary: 'List releases with their targets, the newest first',
    query: PageQuerySchema,
    status: 200,
    answer: createPageSchema(ReleaseSchema),
    problems: [],
  },
  listPipelineReleases: {
    method: 'get',
    path: '/teams/{team}/pipelines/{name}/releases',
    summary: 'List the releases of a pipeline, the newest first; those of a deleted pipeline stay',
    parameters: PipelineParameters,
    query: PageQuerySchema,
    status: 200,
    answer: createPageSchema(ReleaseSchema),
    problems: ['pipeline-not-found'],
  },
  listChanges: {
    method: 'get',
    path: '/changes',
    summary: 'List detected changes, the newest first',
    query: PageQuerySchema.extend({
      unconfirmed: z
        .enum(['true', 'false'])
        .transform((text) => text === 'true')
        .optional()
        .meta({ description: 'Only those whose wave waits for a person to confirm it.' }),
    }),
    status: 200,
    answer: createPageSchema(ChangeSchema),
    problems: [],
  },
  confirmWave: {
    method: 'post',
    path: '/changes/{id}/confirm',
    summary: 'Let a wave start that is too large to start without a confirmation',
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
    answer: createPageSchema(ApprovalSchema),
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
