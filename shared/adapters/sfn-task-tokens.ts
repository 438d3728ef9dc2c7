/** Answers waiting tasks of Step Functions. */
import { SendTaskFailureCommand, SendTaskSuccessCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { TaskTokens } from '../ports/task-tokens.ts';
import { callAwsForBuild, isError } from './aws-errors.ts';

/** Limits of states SendTaskFailureInput. */
const ERROR_LENGTH = 256;
const CAUSE_LENGTH = 32_768;

export function sfnTaskTokens(client: SFNClient): TaskTokens {
  return {
    succeed: (taskToken, output) =>
      answerTask(() =>
        client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output ?? {}) })),
      ),
    fail: (taskToken, error, cause) =>
      answerTask(() =>
        client.send(
          new SendTaskFailureCommand({
            taskToken,
            error: error.slice(0, ERROR_LENGTH),
            cause: cause.slice(0, CAUSE_LENGTH),
          }),
        ),
      ),
  };
}

/** Which of these a second answer gets has varied; each says that no task waits under this token any more. */
async function answerTask(call: () => Promise<unknown>): Promise<'delivered' | 'closed'> {
  try {
    await callAwsForBuild('SendTask', call);
    return 'delivered';
  } catch (error) {
    if (isError(error, 'TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken')) return 'closed';
    throw error;
  }
}
