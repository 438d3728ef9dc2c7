import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  ExecutionDoesNotExist,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  ValidationException,
} from '@aws-sdk/client-sfn';
import { canonical } from '../domain/base/canonical.ts';
import type { ExecutionStatus, Workflows } from '../ports/workflows.ts';
import { callAws } from './aws-client.ts';
import { ignoreErrors } from './aws-errors.ts';

/** Cause is at most 32 768 characters (step-functions StopExecutionInput). */
const LONGEST_REASON = 1000;

export function sfnWorkflows(client: SFNClient, bakeMachine: string): Workflows {
  // All machines of one installation are called alike but for the last word: `ovenbird-dev-bake`, `ovenbird-dev-distribute-region`.
  const executionArn = (machine: string, name: string): string =>
    `${bakeMachine.replace(':stateMachine:', ':execution:').replace(/bake$/, machine)}:${name}`;
  return {
    executionArn,
    async startBake(name, input) {
      const request = { stateMachineArn: bakeMachine, name, input: canonical(input) };
      // The same name with the same input finds a running execution; one that has ended throws (step-functions StartExecution).
      const answer = await ignoreErrors(['ExecutionAlreadyExists'], () =>
        callAws(() => client.send(new StartExecutionCommand(request))),
      );
      return answer?.executionArn ?? executionArn('bake', name);
    },
    async stop(execution, reason) {
      try {
        await callAws(() =>
          client.send(
            new StopExecutionCommand({
              executionArn: execution,
              error: 'Stopped',
              cause: reason.slice(0, LONGEST_REASON),
            }),
          ),
        );
      } catch (error) {
        if (!hasEnded(error)) throw error;
      }
    },
    async describe(execution) {
      const answer = await ignoreErrors(['ExecutionDoesNotExist'], () =>
        callAws(() => client.send(new DescribeExecutionCommand({ executionArn: execution }))),
      );
      return answer === undefined ? undefined : toExecutionStatus(answer);
    },
  };
}

function toExecutionStatus(answer: DescribeExecutionCommandOutput): ExecutionStatus {
  const known = (['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const).find(
    (status) => status === answer.status,
  );
  return {
    // PENDING_REDRIVE, the only other one, is an execution that will go on.
    status: known ?? 'RUNNING',
    ...(answer.error === undefined ? {} : { error: answer.error }),
    ...(answer.cause === undefined ? {} : { cause: answer.cause }),
  };
}

/** Whether AWS documents it or not, stopping what does not run is answered with an error by some: ValidationException is in StopExecution's list. */
function hasEnded(error: unknown): boolean {
  if (error instanceof ExecutionDoesNotExist) return true;
  return error instanceof ValidationException && /not running/i.test(error.message);
}
