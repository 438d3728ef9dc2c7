import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { splitIntoBatches } from '../domain/base/batches.ts';
import { TryLater } from '../domain/base/errors.ts';
import { isSlowTopic } from '../domain/selectors/selectors.ts';
import type { HintQueue } from '../ports/hint-queue.ts';
import { callAws } from './aws-client.ts';

/** Messages in one SendMessageBatch (AWSSimpleQueueService SendMessageBatch). */
const BATCH_MESSAGES = 10;
/** Few enough that one message is done well within the function's time. */
const TOPICS_IN_MESSAGE = 20;
/** Resolving a slow selector may take half a minute. */
const SLOW_TOPICS_IN_MESSAGE = 4;

/** The queues are read by different functions: `slow` by the one that resolves slow selectors. */
export function sqsHintQueue(
  client: SQSClient,
  urls: { readonly hints: string; readonly slow: string },
): HintQueue {
  return {
    async send(topics) {
      const slow = topics.filter(isSlowTopic);
      const others = topics.filter((topic) => !isSlowTopic(topic));
      await sendAll(client, urls.hints, splitIntoBatches(others, TOPICS_IN_MESSAGE));
      await sendAll(client, urls.slow, splitIntoBatches(slow, SLOW_TOPICS_IN_MESSAGE));
    },
  };
}

async function sendAll(
  client: SQSClient,
  QueueUrl: string,
  messages: readonly (readonly string[])[],
): Promise<void> {
  for (const batch of splitIntoBatches(messages, BATCH_MESSAGES)) {
    const Entries = batch.map((topics, index) => ({
      Id: String(index),
      MessageBody: JSON.stringify({ topics }),
    }));
    const answer = await callAws(() => client.send(new SendMessageBatchCommand({ QueueUrl, Entries })));
    if ((answer.Failed ?? []).length > 0) throw new TryLater('SQS refused some of the hints.');
  }
}
