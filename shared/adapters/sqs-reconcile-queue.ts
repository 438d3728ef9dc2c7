import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { splitIntoBatches } from '../domain/base/batches.ts';
import { TryLater } from '../domain/base/errors.ts';
import type { ReconcileQueue } from '../ports/reconcile-queue.ts';
import { callAws } from './aws-client.ts';

/** Messages in one SendMessageBatch, and the longest delay (AWSSimpleQueueService SendMessageBatch, SendMessage DelaySeconds). */
const BATCH_MESSAGES = 10;
const LONGEST_DELAY_SECONDS = 900;

export function sqsReconcileQueue(client: SQSClient, queueUrl: string): ReconcileQueue {
  return {
    async send(requests) {
      const batches = splitIntoBatches(requests, BATCH_MESSAGES);
      await Promise.all(batches.map((batch) => sendBatch(client, queueUrl, batch)));
    },
  };
}

async function sendBatch(
  client: SQSClient,
  queueUrl: string,
  requests: Parameters<ReconcileQueue['send']>[0],
): Promise<void> {
  const answer = await callAws(() =>
    client.send(
      new SendMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: requests.map(({ pipeline, delaySeconds }, index) => ({
          Id: String(index),
          MessageBody: JSON.stringify({ pipeline }),
          DelaySeconds: Math.min(Math.max(0, Math.ceil(delaySeconds)), LONGEST_DELAY_SECONDS),
        })),
      }),
    ),
  );
  const refused = answer.Failed ?? [];
  if (refused.length > 0)
    throw new TryLater(`SQS refused ${refused.length} plan requests: ${refused[0]?.Message ?? ''}`);
}
