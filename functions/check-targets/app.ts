/** Serves `checkTargets` alone: the API's own role may not assume the roles of targets. */
import { type ApiAppDeps, createApiApp } from '../../shared/lambda/api-app.ts';
import { type CheckTargetsDeps, checkTargets } from '../../shared/use-cases/queries/check-targets.ts';

export function createTargetsApi(deps: CheckTargetsDeps & ApiAppDeps) {
  return createApiApp({ checkTargets: ({ query }) => checkTargets(deps, query) }, deps);
}
