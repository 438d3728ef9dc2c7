import { BakeRefSchema } from '../../shared/domain/bakes/payloads.ts';
import { clock } from '../../shared/lambda/deps/basics.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { planTests } from '../../shared/use-cases/tests/plan-tests.ts';

export const handler = lambda({
  input: BakeRefSchema,
  deps: () => ({ table: table(), clock }),
  run: planTests,
});
