import { SQSClient } from '@aws-sdk/client-sqs';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { sqsWakeQueue } from '../../adapters/sqs-wake-queue.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const wakeQueue = lazy(() =>
  sqsWakeQueue(new SQSClient(clientDefaults), env('WAKE_QUEUE_URL').WAKE_QUEUE_URL),
);
