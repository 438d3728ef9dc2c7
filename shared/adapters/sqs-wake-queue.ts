/** The queue of what may wake a wait, as far as we write to it ourselves. */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { WakeQueue } from '../ports/wake-queue.ts';
import { callAwsForBuild } from './aws-errors.ts';

/** Longest delay of a message (sqs SendMessageRequest.DelaySeconds). */
const LONGEST_DELAY = 900;

export function sqsWakeQueue(client: SQSClient, queueUrl: string): WakeQueue {
  return {
    async send(message, delaySeconds) {
      await callAwsForBuild('SendMessage', () =>
        client.send(
          new SendMessageCommand({
            QueueUrl: queueUrl,
            MessageBody: JSON.stringify(message),
            DelaySeconds: Math.min(delaySeconds, LONGEST_DELAY),
          }),
        ),
      );
    },
  };
}
