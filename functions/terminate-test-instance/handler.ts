import { TerminateInputSchema } from '../../shared/domain/bakes/payloads.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { testInstances } from '../../shared/lambda/deps/test-instances.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { terminateTestInstance } from '../../shared/use-cases/tests/terminate-test-instance.ts';

export const handler = lambda({
  input: TerminateInputSchema,
  deps: () => ({ table: table(), instances: testInstances() }),
  run: terminateTestInstance,
});
