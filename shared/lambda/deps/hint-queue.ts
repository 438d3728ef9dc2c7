import { SQSClient } from '@aws-sdk/client-sqs';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { sqsHintQueue } from '../../adapters/sqs-hint-queue.ts';
import type { HintQueue } from '../../ports/hint-queue.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const hintQueue: () => HintQueue = lazy(() => {
  const { HINT_QUEUE_URL, STORE_HINT_QUEUE_URL } = env('HINT_QUEUE_URL', 'STORE_HINT_QUEUE_URL');
  return sqsHintQueue(new SQSClient(clientDefaults), { hints: HINT_QUEUE_URL, stores: STORE_HINT_QUEUE_URL });
});
