import { RecordImageInputSchema } from '../../shared/domain/bakes/payloads.ts';
import { clock, digest } from '../../shared/lambda/deps/basics.ts';
import { controlLocations } from '../../shared/lambda/deps/control-locations.ts';
import { engines } from '../../shared/lambda/deps/engines.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { recordImage } from '../../shared/use-cases/bakes/record-image.ts';

export const handler = lambda({
  input: RecordImageInputSchema,
  deps: () => ({
    table: table(),
    clock,
    digest,
    engines,
    locations: controlLocations(),
  }),
  run: recordImage,
});
