import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { TryLater } from '../domain/errors.ts';
import type { HintQueue } from '../ports.ts';
import { calling } from './aws-client.ts';

/** Messages in one SendMessageBatch (AWSSimpleQueueService SendMessageBatch). */
const BATCH_MESSAGES = 10;
/** Few enough that one message is done well within the function's time. */
const TOPICS_IN_MESSAGE = 20;

export function sqsHintQueue(client: SQSClient, queueUrl: string): HintQueue {
  return {
    async send(topics) {
      const bodies = Array.from({ length: Math.ceil(topics.length / TOPICS_IN_MESSAGE) }, (_, index) =>
        JSON.stringify({ topics: topics.slice(index * TOPICS_IN_MESSAGE, (index + 1) * TOPICS_IN_MESSAGE) }),
      );
      for (let start = 0; start < bodies.length; start += BATCH_MESSAGES) {
        const Entries = bodies
          .slice(start, start + BATCH_MESSAGES)
          .map((MessageBody, index) => ({ Id: String(index), MessageBody }));
        const answer = await calling(() =>
          client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries })),
        );
        if ((answer.Failed ?? []).length > 0) throw new TryLater('SQS refused some of the hints.');
      }
    },
  };
}
