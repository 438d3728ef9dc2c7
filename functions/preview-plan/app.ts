/** One operation in a function of its own, whose role may write nothing: that a plan changes nothing is not a matter of trust. */
import { type ApiAppDeps, createApiApp } from '../../shared/lambda/api-app.ts';
import { type PreviewDeps, previewPlan } from '../../shared/use-cases/preview/preview-plan.ts';

export function createPreviewApi(deps: PreviewDeps & ApiAppDeps) {
  return createApiApp({ previewPlan: ({ body }) => previewPlan(deps, body) }, deps);
}
