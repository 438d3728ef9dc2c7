import { SNSClient } from '@aws-sdk/client-sns';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { snsNotifier } from '../../adapters/sns-notifier.ts';
import type { Notifier } from '../../ports/notifier.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

/** For people and machines that follow what happens. */
export const notifier: () => Pick<Notifier, 'notify'> = lazy(() =>
  snsNotifier({
    client: new SNSClient(clientDefaults),
    notificationTopicArn: env('NOTIFICATION_TOPIC_ARN').NOTIFICATION_TOPIC_ARN,
  }),
);

/** For approvers alone: another topic, because what it carries lets its reader decide. */
export const approverNotifier: () => Pick<Notifier, 'askApprover' | 'confirmedApprovers'> = lazy(() =>
  snsNotifier({
    client: new SNSClient(clientDefaults),
    approvalTopicArn: env('APPROVAL_TOPIC_ARN').APPROVAL_TOPIC_ARN,
  }),
);
