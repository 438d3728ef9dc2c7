import {
  GetSubscriptionAttributesCommand,
  PublishCommand,
  paginateListSubscriptionsByTopic,
  type SNSClient,
  type Subscription,
} from '@aws-sdk/client-sns';
import {
  type Subscription as ApproverSubscription,
  sortSubscriptions,
} from '../domain/approval/subscriptions.ts';
import type { Notification } from '../domain/notifications/messages.ts';
import type { Notifier } from '../ports/notifier.ts';
import { callAws } from './aws-client.ts';
import { ignoreErrors } from './aws-errors.ts';

/** For people and machines that follow what happens. */
export function snsNotifier(client: SNSClient, TopicArn: string): Pick<Notifier, 'notify'> {
  return {
    async notify(message) {
      const json = JSON.stringify(message.json);
      await callAws(() =>
        client.send(
          new PublishCommand({
            TopicArn,
            Subject: message.subject,
            MessageStructure: 'json',
            // `default` is what mail and SMS get; programs get the same as JSON (sns/dg/sns-send-custom-platform-specific-payloads).
            Message: JSON.stringify({
              default: message.text,
              email: message.text,
              sqs: json,
              lambda: json,
              http: json,
              https: json,
            }),
            MessageAttributes: toMessageAttributes(message.attributes),
          }),
        ),
      );
    },
  };
}

/** For approvers alone: another topic, because what it carries lets its reader decide. */
export function snsApproverNotifier(client: SNSClient, TopicArn: string): Omit<Notifier, 'notify'> {
  return {
    async askApprover(approver, message) {
      await callAws(() =>
        client.send(
          new PublishCommand({
            TopicArn,
            Subject: message.subject,
            // For people, whatever protocol brings it to them.
            Message: message.text,
            MessageAttributes: toMessageAttributes({ ...message.attributes, approver }),
          }),
        ),
      );
    },

    async readSubscriptions() {
      const pages = await callAws(() =>
        Array.fromAsync(paginateListSubscriptionsByTopic({ client }, { TopicArn })),
      );
      const subscriptions = pages.flatMap(({ Subscriptions = [] }) => Subscriptions);
      // An unconfirmed one has the text `PendingConfirmation` in place of its ARN (sns ListSubscriptionsByTopic).
      const confirmed = subscriptions.filter((entry) => entry.SubscriptionArn?.startsWith('arn:') === true);
      const read = await Promise.all(confirmed.map((entry) => readSubscription(client, entry)));
      return sortSubscriptions(read.filter((subscription) => subscription !== undefined));
    },
  };
}

function toMessageAttributes(values: Notification['attributes']) {
  return Object.fromEntries(
    Object.entries(values).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
}

async function readSubscription(
  client: SNSClient,
  { SubscriptionArn, Protocol = '', Endpoint = '' }: Subscription,
): Promise<ApproverSubscription | undefined> {
  // One that is cancelled while we are reading is not found.
  const answer = await ignoreErrors(['NotFoundException'], () =>
    callAws(() => client.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }))),
  );
  if (answer === undefined) return undefined;
  const { FilterPolicy: filterPolicy } = answer.Attributes ?? {};
  return { arn: SubscriptionArn ?? '', protocol: Protocol, endpoint: Endpoint, filterPolicy };
}
