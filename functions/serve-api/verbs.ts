/** What the API does beyond reading: the use cases, with their answers in the API's words. */
import { DefinitionSchema } from '../../shared/domain/definition.ts';
import { type ApplyDeps, applyDefinition } from '../../shared/use-cases/apply-definition.ts';
import { type CancelBakeDeps, cancelBake } from '../../shared/use-cases/cancel-bake.ts';
import { type NoteApproversDeps, noteApprovers } from '../../shared/use-cases/note-approvers.ts';
import type { PlanDeps } from '../../shared/use-cases/plan-pipeline.ts';
import { requestBake } from '../../shared/use-cases/request-bake.ts';
import { type RetryBakeDeps, retryBake } from '../../shared/use-cases/retry-bake.ts';
import type { ApiVerbs } from './app.ts';

export type VerbDeps = ApplyDeps & PlanDeps & CancelBakeDeps & RetryBakeDeps & NoteApproversDeps;

export function apiVerbs(deps: VerbDeps): ApiVerbs {
  return {
    async apply(request) {
      const applied = await applyDefinition(deps, request);
      const { approval } = DefinitionSchema.parse(request.definition);
      return { ...applied, notes: [...applied.notes, ...(await noteApprovers(deps, approval))] };
    },
    async requestBake(request) {
      const answer = await requestBake(deps, request);
      const { pipeline } = request;
      switch (answer.kind) {
        case 'started':
          return { pipeline, outcome: 'started', bake: answer.bake, change: answer.change, reasons: [] };
        case 'running':
          return { pipeline, outcome: 'running', bake: answer.bake, reasons: [] };
        case 'up-to-date':
          return { pipeline, outcome: 'up-to-date', release: answer.release, reasons: [] };
        case 'held':
          return { pipeline, outcome: 'held', change: answer.change, reasons: [...answer.reasons] };
      }
    },
    cancelBake: (request) => cancelBake(deps, request),
    retryBake: (request) => retryBake(deps, request),
  };
}
