import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { TryLater } from '../domain/base/errors.ts';
import { isSlowTopic } from '../domain/selectors/selectors.ts';
import type { HintQueue } from '../ports/hint-queue.ts';
import { callAws } from './aws-client.ts';

/** Messages in one SendMessageBatch (AWSSimpleQueueService SendMessageBatch). */
const BATCH_MESSAGES = 10;
/** Few enough that one message is done well within the function's time. */
const TOPICS_IN_MESSAGE = 20;
/** Asking a store may take half a minute. */
const STORE_TOPICS_IN_MESSAGE = 4;

/** The queues are read by different functions: `stores` by the one that can ask stores. */
export function sqsHintQueue(
  client: SQSClient,
  urls: { readonly hints: string; readonly stores: string },
): HintQueue {
  return {
    async send(topics) {
      const stores = topics.filter(isSlowTopic);
      const others = topics.filter((topic) => !isSlowTopic(topic));
      await sendAll(client, urls.hints, toMessages(others, TOPICS_IN_MESSAGE));
      await sendAll(client, urls.stores, toMessages(stores, STORE_TOPICS_IN_MESSAGE));
    },
  };
}

function toMessages(topics: readonly string[], size: number): string[] {
  return Array.from({ length: Math.ceil(topics.length / size) }, (_, index) =>
    JSON.stringify({ topics: topics.slice(index * size, (index + 1) * size) }),
  );
}

async function sendAll(client: SQSClient, QueueUrl: string, bodies: readonly string[]): Promise<void> {
  for (let start = 0; start < bodies.length; start += BATCH_MESSAGES) {
    const Entries = bodies
      .slice(start, start + BATCH_MESSAGES)
      .map((MessageBody, index) => ({ Id: String(index), MessageBody }));
    const answer = await callAws(() => client.send(new SendMessageBatchCommand({ QueueUrl, Entries })));
    if ((answer.Failed ?? []).length > 0) throw new TryLater('SQS refused some of the hints.');
  }
}
