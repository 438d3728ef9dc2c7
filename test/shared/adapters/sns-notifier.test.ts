import {
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  NotFoundException,
  PublishCommand,
  SNSClient,
} from '@aws-sdk/client-sns';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { snsNotifier } from '../../../shared/adapters/sns-notifier.ts';

const sns = mockClient(SNSClient);
const notifier = snsNotifier({
  client: new SNSClient({}),
  notificationTopicArn: 'arn:aws:sns:eu-west-1:111122223333:news',
  approvalTopicArn: 'arn:aws:sns:eu-west-1:111122223333:approvals',
});
const message = { subject: 'S', text: 'readable', json: { kind: 'failed' }, attributes: { kind: 'failed' } };
beforeEach(() => {
  sns.reset();
});

describe('snsNotifier', () => {
  it('tells people in words and machines in JSON', async () => {
    sns.on(PublishCommand).resolves({});

    await notifier.notify(message);

    const input = sns.commandCalls(PublishCommand)[0]?.args[0].input;
    const forms = JSON.parse(input?.Message ?? '');
    expect(input).toMatchObject({
      Subject: 'S',
      MessageStructure: 'json',
      MessageAttributes: { kind: { StringValue: 'failed' } },
    });
    expect([forms.default, forms.email]).toEqual(['readable', 'readable']);
    expect(JSON.parse(forms.sqs)).toEqual({ kind: 'failed' });
  });

  it('names the approver, whom the filters go by, and sends words whatever the protocol', async () => {
    sns.on(PublishCommand).resolves({});

    await notifier.askApprover('ada@example.com', message);

    expect(sns.commandCalls(PublishCommand)[0]?.args[0].input).toMatchObject({
      TopicArn: 'arn:aws:sns:eu-west-1:111122223333:approvals',
      Message: 'readable',
      MessageAttributes: { approver: { StringValue: 'ada@example.com' } },
    });
  });

  it('counts whom confirmed subscriptions are filtered to, on all pages, by any protocol', async () => {
    const subscription = (name: string) => ({ SubscriptionArn: `arn:aws:sns:e:1:approvals:${name}` });
    sns
      .on(ListSubscriptionsByTopicCommand)
      .resolvesOnce({
        Subscriptions: [subscription('mail'), { SubscriptionArn: 'PendingConfirmation' }],
        NextToken: 'n',
      })
      .resolves({ Subscriptions: [subscription('queue'), subscription('gone'), subscription('everything')] });
    const policy = (approver: unknown) => ({ Attributes: { FilterPolicy: JSON.stringify({ approver }) } });
    const attributes = (name: string) =>
      sns.on(GetSubscriptionAttributesCommand, { SubscriptionArn: `arn:aws:sns:e:1:approvals:${name}` });
    attributes('mail').resolves(policy(['ada@example.com']));
    attributes('queue').resolves(policy(['ben@example.com', { prefix: 'c' }]));
    attributes('gone').rejects(new NotFoundException({ message: '', $metadata: {} }));
    attributes('everything').resolves({ Attributes: {} });

    expect(await notifier.confirmedApprovers()).toEqual(['ada@example.com', 'ben@example.com']);
  });
});
