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
import { CleanUpSchema, KeepRequestSchema } from './clean-up.ts';
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
  TargetChecksSchema,
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
  /** 200 where it is absent. */
  readonly status?: 202;
  readonly answer: z.ZodType;
  /** Codes of the problems that it may answer, beside those that every operation may. */
  readonly problems?: readonly string[];
}

/** Everything that the API does. The handler has a function for each, the document a path, and a test compares them. */
export const OPERATIONS = {
  applyDefinition: {
    method: 'put',
    path: '/teams/{team}/pipelines/{name}',
    summary: 'Store a definition as a new revision of its pipeline',
    parameters: PipelineParameters,
    body: DefinitionSchema,
    answer: AppliedSchema,
    problems: ['invalid-definition', 'dependency-cycle', 'revision-conflict'],
  },
  listPipelines: {
    method: 'get',
    path: '/pipelines',
    summary: 'List the pipelines of all teams by name',
    query: PageQuerySchema,
    answer: createPageSchema(PipelineSchema),
  },
  findTeam: {
    method: 'get',
    path: '/teams',
    summary: 'Find the team of a pipeline, or the team that a deleted pipeline had',
    query: z.object({ pipeline: PipelineName }),
    answer: OwnerSchema,
    problems: ['pipeline-not-found'],
  },
  listTeamPipelines: {
    method: 'get',
    path: '/teams/{team}/pipelines',
    summary: "List a team's pipelines by name",
    parameters: TeamParameter,
    query: PageQuerySchema,
    answer: createPageSchema(PipelineSchema),
  },
  showPipeline: {
    method: 'get',
    path: '/teams/{team}/pipelines/{name}',
    summary: 'Show a pipeline: definition, versions, why it bakes or not, newest bakes',
    parameters: PipelineParameters,
    answer: PipelineDetailsSchema,
    problems: ['pipeline-not-found'],
  },
  previewPlan: {
    method: 'post',
    path: '/plan',
    summary: 'Say what would bake if definitions were applied and selectors changed; nothing is written',
    body: PreviewRequestSchema,
    answer: PreviewSchema,
    problems: ['invalid-definition', 'dependency-cycle', 'pipeline-not-found', 'revision-conflict'],
  },
  explainPipeline: {
    method: 'get',
    path: '/teams/{team}/pipelines/{name}/explain',
    summary: 'Say why a pipeline was last baked, why it does not bake now, and what would make it',
    parameters: PipelineParameters,
    answer: ExplanationSchema,
    problems: ['pipeline-not-found'],
  },
  showGraph: {
    method: 'get',
    path: '/graph',
    summary: 'Show who is built on what, with what is stale and what is baking',
    query: GraphQuerySchema,
    answer: GraphSchema,
    problems: ['pipeline-not-found'],
  },
  deletePipeline: {
    method: 'delete',
    path: '/teams/{team}/pipelines/{name}',
    summary: 'Delete a pipeline that nothing is built on; its bakes and releases stay readable',
    parameters: PipelineParameters,
    answer: DeletedSchema,
    problems: ['pipeline-not-found', 'pipeline-has-children', 'pipeline-baking'],
  },
  enablePipeline: {
    method: 'post',
    path: '/teams/{team}/pipelines/{name}/enable',
    summary: 'Turn automatic bakes of a pipeline on again, and try again what failed too often',
    parameters: PipelineParameters,
    answer: EnabledSchema,
    problems: ['pipeline-not-found'],
  },
  disablePipeline: {
    method: 'post',
    path: '/teams/{team}/pipelines/{name}/disable',
    summary: 'Turn automatic bakes of a pipeline off; a bake that runs goes on',
    parameters: PipelineParameters,
    body: DisableRequestSchema,
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
    answer: createPageSchema(BakeSchema),
  },
  listPipelineBakes: {
    method: 'get',
    path: '/teams/{team}/pipelines/{name}/bakes',
    summary: 'List the bakes of a pipeline, the newest first; those of a deleted pipeline stay',
    parameters: PipelineParameters,
    query: PageQuerySchema,
    answer: createPageSchema(BakeSchema),
    problems: ['pipeline-not-found'],
  },
  showBake: {
    method: 'get',
    path: '/bakes/{id}',
    summary: 'Show a bake: steps, attempts, images, tests, targets, lock, changes and their causes',
    parameters: IdParameter,
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
    answer: createPageSchema(ReleaseSchema),
  },
  listPipelineReleases: {
    method: 'get',
    path: '/teams/{team}/pipelines/{name}/releases',
    summary: 'List the releases of a pipeline, the newest first; those of a deleted pipeline stay',
    parameters: PipelineParameters,
    query: PageQuerySchema,
    answer: createPageSchema(ReleaseSchema),
    problems: ['pipeline-not-found'],
  },
  previewCleanUp: {
    method: 'get',
    path: '/teams/{team}/pipelines/{name}/clean-up',
    summary: 'Say which releases of a pipeline end, why, and what keeps the others; nothing is written',
    parameters: PipelineParameters,
    answer: CleanUpSchema,
    problems: ['pipeline-not-found'],
  },
  keepRelease: {
    method: 'post',
    path: '/teams/{team}/pipelines/{name}/releases/{id}/keep',
    summary: 'Keep a release whatever the definition says, or let the definition decide again',
    parameters: PipelineParameters.extend(IdParameter.shape),
    body: KeepRequestSchema,
    answer: ReleaseSchema,
    problems: ['pipeline-not-found', 'release-not-found', 'release-gone'],
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
    answer: createPageSchema(ChangeSchema),
  },
  confirmWave: {
    method: 'post',
    path: '/changes/{id}/confirm',
    summary: 'Let a wave start that is too large to start without a confirmation',
    parameters: IdParameter,
    answer: ChangeSchema,
    problems: ['change-not-found', 'nothing-to-confirm'],
  },
  checkTargets: {
    method: 'get',
    path: '/targets',
    summary:
      'Say of every account and region that images are distributed to what would fail there, and how to mend it',
    query: z.object({
      account: z
        .string()
        .regex(/^[0-9]{12}$/, 'must be an AWS account id of 12 digits')
        .optional()
        .meta({ description: 'Only this account.' }),
      after: z.string().max(64).optional(),
    }),
    answer: TargetChecksSchema,
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
    answer: createPageSchema(ApprovalSchema),
  },
  decideApproval: {
    method: 'post',
    path: '/approvals/{id}/decision',
    summary: 'Approve or reject as the calling IAM identity',
    parameters: IdParameter,
    body: DecisionRequestSchema,
    answer: ApprovalSchema,
    problems: ['approval-not-found', 'decision-conflict', 'not-an-approver', 'self-approval'],
  },
} as const satisfies Readonly<Record<string, Operation>>;
export type OperationName = keyof typeof OPERATIONS;
