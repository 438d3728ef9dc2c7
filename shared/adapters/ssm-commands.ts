/** Runs test suites by Systems Manager Run Command. */
import {
  GetCommandInvocationCommand,
  type GetCommandInvocationResult,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { TryLater } from '../domain/base/errors.ts';
import type { Commands } from '../ports/commands.ts';
import { callAwsForBuild, ignoreErrors, isError } from './aws-errors.ts';

const DOCUMENT = 'AWS-RunShellScript';
/** A command that the agent has not taken up by then is not delivered any more (ssm SendCommandRequest.TimeoutSeconds, at least 30). */
const DELIVERY_SECONDS = 180;

export function ssmCommands(ssm: SSMClient): Commands {
  return {
    async send({ instance, script, timeoutSeconds, comment }) {
      try {
        const answer = await callAwsForBuild('SendCommand', () =>
          ssm.send(
            new SendCommandCommand({
              DocumentName: DOCUMENT,
              InstanceIds: [instance],
              Parameters: { commands: [script], executionTimeout: [String(timeoutSeconds)] },
              TimeoutSeconds: DELIVERY_SECONDS,
              Comment: comment,
            }),
          ),
        );
        const command = answer.Command?.CommandId;
        if (command === undefined) throw new TryLater('SendCommand answered without a command.');
        return { command };
      } catch (error) {
        // Its agent was online a moment ago.
        if (!isError(error, 'InvalidInstanceId')) throw error;
        throw new TryLater(`Systems Manager does not know ${instance} at the moment.`, {}, { cause: error });
      }
    },

    async status(command, instance) {
      // An invocation is visible a moment after its command (ssm GetCommandInvocation, InvocationDoesNotExist).
      const answer = await ignoreErrors(['InvocationDoesNotExist'], () =>
        callAwsForBuild('GetCommandInvocation', () =>
          ssm.send(new GetCommandInvocationCommand({ CommandId: command, InstanceId: instance })),
        ),
      );
      return answer === undefined ? { state: 'running' } : toCommandStatus(answer);
    },
  };
}

/** Output is what Systems Manager keeps: the first 24,000 characters, 8,000 of errors (ssm GetCommandInvocationResult). */
function toCommandStatus(answer: GetCommandInvocationResult): Awaited<ReturnType<Commands['status']>> {
  const outcome = parseCommandOutcome(answer);
  if (outcome === undefined) return { state: 'running' };
  const { ResponseCode, StandardOutputContent, StandardErrorContent } = answer;
  return {
    state: 'ended',
    status: outcome,
    stdout: StandardOutputContent ?? '',
    stderr: StandardErrorContent ?? '',
    // -1 says that there is none.
    ...(ResponseCode === undefined || ResponseCode < 0 ? {} : { exitCode: ResponseCode }),
  };
}

function parseCommandOutcome({
  Status,
}: GetCommandInvocationResult): 'passed' | 'failed' | 'timed-out' | undefined {
  switch (Status) {
    case 'Success':
      return 'passed';
    case 'TimedOut':
      return 'timed-out';
    case 'Failed':
    case 'Cancelled':
      return 'failed';
    default:
      return undefined;
  }
}
