/** The API: every operation of shared/domain/api/operations.ts but those of `ServedElsewhere` has one function here. */
import type { Hono } from 'hono';
import type * as z from 'zod';
import type {
  AttemptStateSchema,
  BakeAnswer,
  Deleted,
  DisabledAnswer,
  EnabledAnswer,
} from '../../shared/domain/api/answers.ts';
import type { OperationName } from '../../shared/domain/api/operations.ts';
import type { Applied } from '../../shared/domain/api/shapes.ts';
import { PipelineNotFound } from '../../shared/domain/base/errors.ts';
import type { ApprovalRecord } from '../../shared/domain/records/approvals.ts';
import type { ChangeRecord } from '../../shared/domain/records/selectors.ts';
import {
  type ApiAppDeps,
  createApiApp,
  type OperationHandlers,
  type OperationRequest,
} from '../../shared/lambda/api-app.ts';
import type { HttpContext } from '../../shared/lambda/http-lambda.ts';
import type { Calendar } from '../../shared/ports/calendar.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Digest } from '../../shared/ports/ids.ts';
import type { Table } from '../../shared/ports/table.ts';
import { castVote } from '../../shared/use-cases/approval/cast-vote.ts';
import type { ApplyRequest } from '../../shared/use-cases/definitions/apply-definition.ts';
import { explainPipeline } from '../../shared/use-cases/queries/explain-pipeline.ts';
import {
  listApprovals,
  listBakes,
  listChanges,
  listPipelineBakes,
  listPipelineReleases,
  listReleases,
} from '../../shared/use-cases/queries/list-pages.ts';
import { showBake } from '../../shared/use-cases/queries/show-bake.ts';
import { showGraph } from '../../shared/use-cases/queries/show-graph.ts';
import {
  listPipelines,
  listTeamPipelines,
  showPipeline,
} from '../../shared/use-cases/queries/show-pipeline.ts';
import { keepRelease } from '../../shared/use-cases/releases/keep-release.ts';
import { findTeam, requireTeam } from '../../shared/use-cases/store/team.ts';

interface TeamRequest {
  readonly parameters: { readonly team: string; readonly name: string };
  readonly by: string;
}
interface PipelineAction {
  readonly pipeline: string;
  readonly by: string;
}
interface BakeAction {
  readonly bake: string;
  readonly by: string;
}

/** The writing operations but decisions on approvals; the handler wires them. `by` is the caller's ARN. */
export interface ApiActions {
  apply(request: Required<ApplyRequest>): Promise<Applied>;
  deletePipeline(request: PipelineAction): Promise<Deleted>;
  enablePipeline(request: PipelineAction): Promise<EnabledAnswer>;
  disablePipeline(request: PipelineAction & { readonly reason: string }): Promise<DisabledAnswer>;
  confirmWave(request: { change: string; by: string }): Promise<ChangeRecord>;
  requestBake(request: PipelineAction & { readonly force: boolean }): Promise<BakeAnswer>;
  cancelBake(request: BakeAction): Promise<z.input<typeof AttemptStateSchema>>;
  retryBake(request: BakeAction & { readonly force: boolean }): Promise<z.input<typeof AttemptStateSchema>>;
}

export interface ApiDeps extends ApiAppDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly calendar: Calendar;
  readonly digest: Digest;
  readonly actions: ApiActions;
  readonly onDecided?: (record: ApprovalRecord) => void;
}

export function createApi(deps: ApiDeps): Hono<{ Bindings: HttpContext }> {
  return createApiApp(createOperations(deps), deps);
}

/** Operations with a function of their own. */
type ServedElsewhere = 'previewPlan' | 'checkTargets' | 'previewCleanUp';

function createOperations({
  actions: verbs,
  ...deps
}: ApiDeps): OperationHandlers<Exclude<OperationName, ServedElsewhere>> {
  /** Runs the operation only if the pipeline belongs to the team of the path, by which IAM let the caller in. */
  const inTeam =
    <Request extends TeamRequest>(run: (path: Request['parameters'], request: Request) => Promise<unknown>) =>
    async (request: Request) => {
      await requireTeam(deps.table, request.parameters);
      return await run(request.parameters, request);
    };
  return {
    applyDefinition: ({ parameters: path, body, by }) => verbs.apply({ definition: body, by, path }),
    listPipelines: ({ query }) => listPipelines(deps, query),
    findTeam: async ({ query: { pipeline } }) => {
      const team = await findTeam(deps.table, pipeline);
      if (team === undefined) throw new PipelineNotFound(pipeline);
      return { pipeline, team };
    },
    listTeamPipelines: ({ parameters, query }) => listTeamPipelines(deps, parameters.team, query),
    showPipeline: inTeam(({ name }) => showPipeline(deps, name)),
    explainPipeline: inTeam(({ name }) => explainPipeline(deps, name)),
    showGraph: ({ query }) => showGraph(deps, query),
    deletePipeline: inTeam(({ name }, { by }) => verbs.deletePipeline({ pipeline: name, by })),
    enablePipeline: inTeam(({ name }, { by }) => verbs.enablePipeline({ pipeline: name, by })),
    disablePipeline: inTeam(({ name }, { body, by }: OperationRequest<'disablePipeline'>) =>
      verbs.disablePipeline({ pipeline: name, reason: body.reason, by }),
    ),
    requestBake: inTeam(({ name }, { body, by }: OperationRequest<'requestBake'>) =>
      verbs.requestBake({ pipeline: name, force: body.force, by }),
    ),
    listBakes: ({ query }) => listBakes(deps, query),
    listPipelineBakes: inTeam(({ name }, { query }: OperationRequest<'listPipelineBakes'>) =>
      listPipelineBakes(deps, name, query),
    ),
    showBake: ({ parameters }) => showBake(deps, parameters.id),
    cancelBake: ({ parameters, by }) => verbs.cancelBake({ bake: parameters.id, by }),
    retryBake: ({ parameters, body, by }) => verbs.retryBake({ bake: parameters.id, force: body.force, by }),
    listReleases: ({ query }) => listReleases(deps, query),
    listPipelineReleases: inTeam(({ name }, { query }: OperationRequest<'listPipelineReleases'>) =>
      listPipelineReleases(deps, name, query),
    ),
    keepRelease: inTeam(({ name }, { parameters, body, by }: OperationRequest<'keepRelease'>) =>
      keepRelease(deps, { pipeline: name, release: parameters.id, kept: body.kept, by }),
    ),
    listChanges: ({ query }) => listChanges(deps, query),
    confirmWave: ({ parameters, by }) => verbs.confirmWave({ change: parameters.id, by }),
    listApprovals: ({ query }) => listApprovals(deps, query),
    decideApproval: async ({ parameters, body, by }) => {
      const { decision: answer, comment } = body;
      const vote = { approver: by, answer, comment, via: 'api' } as const;
      const record = await castVote(deps, { approval: parameters.id, ...vote });
      deps.onDecided?.(record);
      return record;
    },
  };
}
