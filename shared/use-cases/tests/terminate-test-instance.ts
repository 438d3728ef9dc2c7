/** Terminates the instance of one test case, whatever its results, and records why it could not be run to its end. */
import type * as z from 'zod';
import type { TerminateInputSchema } from '../../domain/bakes/payloads.ts';
import { readErrorMessage } from '../../domain/bakes/problems.ts';
import { keys } from '../../domain/base/naming.ts';
import { TestRecordSchema } from '../../domain/records/tests.ts';
import type { Table } from '../../ports/table.ts';
import type { TestInstances } from '../../ports/test-instances.ts';
import { readRecord } from '../store/read.ts';

const EXCERPT_LENGTH = 1000;

export interface TerminateTestInstanceDeps {
  readonly table: Table;
  readonly instances: Pick<TestInstances, 'terminate'>;
}

export async function terminateTestInstance(
  deps: TerminateTestInstanceDeps,
  input: z.output<typeof TerminateInputSchema>,
): Promise<{ terminated: boolean }> {
  const key = keys.test(input.bake, input.attempt, input.variant, input.instanceType);
  const instance = (await readRecord(deps.table, key, TestRecordSchema))?.instance;
  if (instance !== undefined) await deps.instances.terminate([instance]);
  const { bake, attempt, variant, instanceType, problem } = input;
  await deps.table.write([
    {
      update: key,
      set: {
        bake,
        attempt,
        variant,
        instanceType,
        // An instance that was launched but never recorded is found by its tags when the bake is cleaned up.
        terminated: instance !== undefined,
        ...(problem === undefined ? {} : { problem: readErrorMessage(problem).slice(0, EXCERPT_LENGTH) }),
      },
    },
  ]);
  return { terminated: instance !== undefined };
}
