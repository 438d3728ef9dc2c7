/** Serves `previewPlan` alone: the function's role may write nothing, so a plan cannot change anything. */
import { type ApiAppDeps, createApiApp } from '../../shared/lambda/api-app.ts';
import { type PreviewDeps, previewPlan } from '../../shared/use-cases/preview/preview-plan.ts';

export function createPreviewApi(deps: PreviewDeps & ApiAppDeps) {
  return createApiApp({ previewPlan: ({ body }) => previewPlan(deps, body) }, deps);
}
