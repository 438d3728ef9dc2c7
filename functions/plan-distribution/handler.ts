import { BakeRefSchema } from '../../shared/domain/bakes/payloads.ts';
import { clock } from '../../shared/lambda/deps/basics.ts';
import { ownImages } from '../../shared/lambda/deps/own-images.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { targets } from '../../shared/lambda/deps/targets.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { planDistribution } from '../../shared/use-cases/distribution/plan-distribution.ts';

export const handler = lambda({
  input: BakeRefSchema,
  deps: () => ({ table: table(), clock, ownImages: ownImages(), targets: targets() }),
  run: planDistribution,
});
