import { SQSClient } from '@aws-sdk/client-sqs';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { sqsPlanQueue } from '../../adapters/sqs-plan-queue.ts';
import type { PlanQueue } from '../../ports.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const planQueue: () => PlanQueue = lazy(() =>
  sqsPlanQueue(new SQSClient(clientDefaults), env('PLAN_QUEUE_URL').PLAN_QUEUE_URL),
);
