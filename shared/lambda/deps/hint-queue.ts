import { SQSClient } from '@aws-sdk/client-sqs';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { sqsHintQueue } from '../../adapters/sqs-hint-queue.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const hintQueue = lazy(() => {
  const { HINT_QUEUE_URL, SLOW_HINT_QUEUE_URL } = env('HINT_QUEUE_URL', 'SLOW_HINT_QUEUE_URL');
  return sqsHintQueue(new SQSClient(clientDefaults), { hints: HINT_QUEUE_URL, slow: SLOW_HINT_QUEUE_URL });
});
