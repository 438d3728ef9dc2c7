import type { Notifier } from '../ports/notifier.ts';
import type { PermissionSet, PortEnvironment } from './permissions.ts';

const approvals = { APPROVAL_TOPIC_ARN: '${ApprovalTopic}' } as const;

export const environment = {
  notify: { NOTIFICATION_TOPIC_ARN: '${NotificationTopic}' },
  askApprover: approvals,
  readSubscriptions: approvals,
} satisfies PortEnvironment<Notifier>;

export const permissions = {
  notify: [{ Action: ['sns:Publish'], Resource: '${NotificationTopic}' }],
  askApprover: [{ Action: ['sns:Publish'], Resource: '${ApprovalTopic}' }],
  readSubscriptions: [
    {
      because:
        'A subscription belongs to its topic, the only resource that Amazon SNS knows (Service Authorization Reference, Amazon SNS).',
      Action: ['sns:ListSubscriptionsByTopic', 'sns:GetSubscriptionAttributes'],
      Resource: '${ApprovalTopic}',
    },
  ],
} satisfies PermissionSet<Notifier>;
