import { SQSClient } from '@aws-sdk/client-sqs';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { sqsReconcileQueue } from '../../adapters/sqs-reconcile-queue.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const reconcileQueue = lazy(() =>
  sqsReconcileQueue(new SQSClient(clientDefaults), env('RECONCILE_QUEUE_URL').RECONCILE_QUEUE_URL),
);
