/** The execution of an attempt. Its name follows from bake and attempt: starting it once more finds the first. */
import type { BakeRef } from '../../domain/bakes/payloads.ts';
import { executionName } from '../../domain/base/naming.ts';
import type { AttemptRecord } from '../../domain/records/bakes.ts';
import type { Workflows } from '../../ports/workflows.ts';

/** Returns its ARN. */
export function startExecution(
  workflows: Pick<Workflows, 'startBake'>,
  { bake, attempt }: BakeRef,
): Promise<string> {
  return workflows.startBake(executionName({ bake, attempt, machine: 'bake' }), { bake, attempt });
}

/** ARN of the execution, whether it was started or not. */
export function findExecution(
  workflows: Pick<Workflows, 'executionArn'>,
  { bake, attempt, execution }: Pick<AttemptRecord, 'bake' | 'attempt' | 'execution'>,
): string {
  return execution ?? workflows.executionArn('bake', executionName({ bake, attempt, machine: 'bake' }));
}
