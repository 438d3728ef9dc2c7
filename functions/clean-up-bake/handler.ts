import { BakeRefSchema } from '../../shared/domain/bakes/payloads.ts';
import { cleanUpDeps } from '../../shared/lambda/deps/clean-up.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { log } from '../../shared/lambda/telemetry.ts';
import { type CleanUpDeps, cleanUpBake } from '../../shared/use-cases/bakes/clean-up-bake.ts';

export const handler = lambda({
  input: BakeRefSchema,
  deps: cleanUpDeps,
  run: async (deps: CleanUpDeps, ref) => {
    const result = await cleanUpBake(deps, ref);
    log.info('clean-up-done', { ...ref, ...result });
    return result;
  },
});
