import { SQSClient } from '@aws-sdk/client-sqs';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { sqsHintQueue } from '../../adapters/sqs-hint-queue.ts';
import type { HintQueue } from '../../ports.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const hintQueue: () => HintQueue = lazy(() =>
  sqsHintQueue(new SQSClient(clientDefaults), env('HINT_QUEUE_URL').HINT_QUEUE_URL),
);
