import { SQSClient } from '@aws-sdk/client-sqs';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { sqsFindingHints } from '../../adapters/sqs-finding-hints.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const findingHints = lazy(() =>
  sqsFindingHints(new SQSClient(clientDefaults), env('HINT_QUEUE_URL').HINT_QUEUE_URL),
);
