import {
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  NotFoundException,
  PublishCommand,
  type SNSClient,
  type Subscription,
} from '@aws-sdk/client-sns';
import * as z from 'zod';
import type { Message, Notifier } from '../ports/notifier.ts';
import { callAws } from './aws-client.ts';

export interface SnsNotifierOptions {
  readonly client: SNSClient;
  readonly notificationTopicArn?: string;
  readonly approvalTopicArn?: string;
}

/** Part of a filter policy that says whose messages a subscription takes (sns/dg/sns-subscription-filter-policies). */
const FilterPolicySchema = z.lazy(() => z.object({ approver: z.array(z.unknown()).default([]) }));

export function snsNotifier({
  client,
  notificationTopicArn,
  approvalTopicArn,
}: SnsNotifierOptions): Notifier {
  return {
    async notify(message) {
      const json = JSON.stringify(message.json);
      await callAws(() =>
        client.send(
          new PublishCommand({
            TopicArn: requireVariable(notificationTopicArn, 'NOTIFICATION_TOPIC_ARN'),
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

    async askApprover(approver, message) {
      await callAws(() =>
        client.send(
          new PublishCommand({
            TopicArn: requireVariable(approvalTopicArn, 'APPROVAL_TOPIC_ARN'),
            Subject: message.subject,
            // For people, whatever protocol brings it to them.
            Message: message.text,
            MessageAttributes: toMessageAttributes({ ...message.attributes, approver }),
          }),
        ),
      );
    },

    async confirmedApprovers() {
      const subscriptions = await listSubscriptions(
        client,
        requireVariable(approvalTopicArn, 'APPROVAL_TOPIC_ARN'),
      );
      const confirmed = subscriptions.filter((entry) => entry.SubscriptionArn?.startsWith('arn:') === true);
      const approvers = await Promise.all(confirmed.map((entry) => readApprovers(client, entry)));
      return [...new Set(approvers.flat())];
    },
  };
}

function toMessageAttributes(values: Message['attributes']) {
  return Object.fromEntries(
    Object.entries(values).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
}

/** An unconfirmed subscription has the text `PendingConfirmation` in place of its ARN (sns ListSubscriptionsByTopic). */
async function listSubscriptions(client: SNSClient, topic: string): Promise<Subscription[]> {
  const found: Subscription[] = [];
  let next: string | undefined;
  do {
    const page = await callAws(() =>
      client.send(
        new ListSubscriptionsByTopicCommand({
          TopicArn: topic,
          ...(next === undefined ? {} : { NextToken: next }),
        }),
      ),
    );
    found.push(...(page.Subscriptions ?? []));
    next = page.NextToken;
  } while (next !== undefined && next !== '');
  return found;
}

/** Whom a subscription brings messages to: the approvers of its filter policy, by whatever protocol. */
async function readApprovers(client: SNSClient, subscription: Subscription): Promise<string[]> {
  try {
    const { Attributes: found } = await callAws(() =>
      client.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: subscription.SubscriptionArn })),
    );
    const policy = FilterPolicySchema.safeParse(parseJson(found?.FilterPolicy));
    const named = policy.success ? policy.data.approver : [];
    return named.filter((entry): entry is string => typeof entry === 'string');
  } catch (error) {
    // It was cancelled while we were reading.
    if (error instanceof NotFoundException) return [];
    throw error;
  }
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '{}');
  } catch {
    return {};
  }
}

function requireVariable(value: string | undefined, name: string): string {
  if (value === undefined || value === '') throw new Error(`The environment variable ${name} is not set.`);
  return value;
}
