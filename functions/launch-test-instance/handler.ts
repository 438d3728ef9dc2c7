import { LaunchInputSchema } from '../../shared/domain/bakes/payloads.ts';
import { clock, digest } from '../../shared/lambda/deps/basics.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { launchingInstances } from '../../shared/lambda/deps/test-instances.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { launchTestInstance } from '../../shared/use-cases/tests/launch-test-instance.ts';

export const handler = lambda({
  input: LaunchInputSchema,
  deps: () => ({ table: table(), clock, digest, instances: launchingInstances() }),
  run: launchTestInstance,
});
