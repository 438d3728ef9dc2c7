import { BakeRefSchema } from '../../shared/domain/bakes/payloads.ts';
import { clock } from '../../shared/lambda/deps/basics.ts';
import { locations } from '../../shared/lambda/deps/locations.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { planDistribution } from '../../shared/use-cases/distribution/plan-distribution.ts';

export const handler = lambda({
  input: BakeRefSchema,
  deps: () => ({ table: table(), clock, locations: locations() }),
  run: planDistribution,
});
