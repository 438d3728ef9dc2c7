import { BakeRefSchema } from '../../shared/domain/bakes/payloads.ts';
import { clock } from '../../shared/lambda/deps/basics.ts';
import { controlLocations } from '../../shared/lambda/deps/control-locations.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { recordVerdict } from '../../shared/use-cases/tests/record-verdict.ts';

export const handler = lambda({
  input: BakeRefSchema,
  deps: () => ({ table: table(), clock, locations: controlLocations() }),
  run: recordVerdict,
});
