import { MovePointersInputSchema } from '../../shared/domain/bakes/payloads.ts';
import { clock } from '../../shared/lambda/deps/basics.ts';
import { locations } from '../../shared/lambda/deps/locations.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { log } from '../../shared/lambda/telemetry.ts';
import { movePointers } from '../../shared/use-cases/distribution/move-pointers.ts';

export const handler = lambda({
  input: MovePointersInputSchema,
  deps: () => ({ table: table(), clock, locations: locations() }),
  run: async (deps, input) => {
    const moved = await movePointers(deps, input);
    log.info('pointers-moved', moved);
    return moved;
  },
});
