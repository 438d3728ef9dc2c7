import { SNSClient } from '@aws-sdk/client-sns';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { snsApproverNotifier, snsNotifier } from '../../adapters/sns-notifier.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const notifier = lazy(() =>
  snsNotifier(new SNSClient(clientDefaults), env('NOTIFICATION_TOPIC_ARN').NOTIFICATION_TOPIC_ARN),
);

export const approverNotifier = lazy(() =>
  snsApproverNotifier(new SNSClient(clientDefaults), env('APPROVAL_TOPIC_ARN').APPROVAL_TOPIC_ARN),
);
