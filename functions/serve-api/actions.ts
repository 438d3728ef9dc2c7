/** The API's writing operations: use cases, with their results as the API's answers. */
import type { EnabledAnswer } from '../../shared/domain/api/answers.ts';
import { DefinitionSchema } from '../../shared/domain/definitions/definition.ts';
import type { ReachDeps } from '../../shared/use-cases/approval/reach-approvers.ts';
import { applyDefinition } from '../../shared/use-cases/definitions/apply-definition.ts';
import type { ApplyDeps } from '../../shared/use-cases/definitions/apply-deps.ts';
import { checkApprovers } from '../../shared/use-cases/definitions/check-approvers.ts';
import { type DeleteDeps, deletePipeline } from '../../shared/use-cases/definitions/delete-pipeline.ts';
import { disablePipeline } from '../../shared/use-cases/definitions/disable-pipeline.ts';
import { enablePipeline } from '../../shared/use-cases/definitions/enable-pipeline.ts';
import { type CancelBakeDeps, cancelBake } from '../../shared/use-cases/reconcile/cancel-bake.ts';
import { type ConfirmWaveDeps, confirmWave } from '../../shared/use-cases/reconcile/confirm-wave.ts';
import type { ReconcileDeps, ReconcileOutcome } from '../../shared/use-cases/reconcile/reconcile-pipeline.ts';
import { requestBake } from '../../shared/use-cases/reconcile/request-bake.ts';
import { type RetryBakeDeps, retryBake } from '../../shared/use-cases/reconcile/retry-bake.ts';
import type { ApiActions } from './app.ts';

export type ApiActionDeps = ApplyDeps &
  ReconcileDeps &
  CancelBakeDeps &
  ConfirmWaveDeps &
  DeleteDeps &
  RetryBakeDeps &
  ReachDeps;

export function createApiActions(deps: ApiActionDeps): ApiActions {
  return {
    async apply(request) {
      const applied = await applyDefinition(deps, request);
      const { approval } = DefinitionSchema.parse(request.definition);
      return { ...applied, notes: [...applied.notes, ...(await checkApprovers(deps, approval))] };
    },
    async requestBake(request) {
      const { kind: outcome, ...answer } = await requestBake(deps, request);
      const reasons = 'reasons' in answer ? [...answer.reasons] : [];
      return { pipeline: request.pipeline, outcome, ...answer, reasons };
    },
    async enablePipeline(request) {
      const { outcome, plan } = await enablePipeline(deps, request);
      return { pipeline: request.pipeline, outcome, ...toPlanAnswer(plan) };
    },
    async disablePipeline(request) {
      return { pipeline: request.pipeline, ...(await disablePipeline(deps, request)) };
    },
    deletePipeline: (request) => deletePipeline(deps, request),
    confirmWave: (request) => confirmWave(deps, request),
    cancelBake: (request) => cancelBake(deps, request),
    retryBake: (request) => retryBake(deps, request),
  };
}

function toPlanAnswer(plan: ReconcileOutcome): Pick<EnabledAnswer, 'plan' | 'bake' | 'reasons'> {
  switch (plan.kind) {
    case 'up-to-date':
      return { plan: 'up-to-date', reasons: [] };
    case 'held':
      return { plan: 'held', reasons: [...plan.reasons] };
    default:
      return { plan: plan.kind, bake: plan.bake, reasons: [] };
  }
}
