/** Serves `previewCleanUp` alone: the API's own role may not assume the roles of targets. */
import { type ApiAppDeps, createApiApp } from '../../shared/lambda/api-app.ts';
import { type PreviewCleanUpDeps, previewCleanUp } from '../../shared/use-cases/releases/preview-clean-up.ts';
import { requireTeam } from '../../shared/use-cases/store/team.ts';

export function createCleanUpApi(deps: PreviewCleanUpDeps & ApiAppDeps) {
  return createApiApp(
    {
      previewCleanUp: async ({ parameters }) => {
        await requireTeam(deps.table, parameters);
        return await previewCleanUp(deps, parameters.name);
      },
    },
    deps,
  );
}
