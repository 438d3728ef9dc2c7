import { RegionInputSchema } from '../../shared/domain/bakes/payloads.ts';
import { clock, digest } from '../../shared/lambda/deps/basics.ts';
import { locations } from '../../shared/lambda/deps/locations.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { log } from '../../shared/lambda/telemetry.ts';
import { advanceTargets } from '../../shared/use-cases/distribution/advance-targets.ts';

export const handler = lambda({
  input: RegionInputSchema,
  deps: () => ({ table: table(), clock, digest, locations: locations() }),
  run: async (deps, input) => {
    const progress = await advanceTargets(deps, input);
    log.info('copies-advanced', { region: input.region, ...progress });
    return progress;
  },
});
