import {
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  NotFoundException,
  PublishCommand,
  SNSClient,
} from '@aws-sdk/client-sns';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { snsApproverNotifier, snsNotifier } from '../../../shared/adapters/sns-notifier.ts';

const sns = mockClient(SNSClient);
const notifier = snsNotifier(new SNSClient({}), 'arn:aws:sns:eu-west-1:111122223333:news');
const approvers = snsApproverNotifier(new SNSClient({}), 'arn:aws:sns:eu-west-1:111122223333:approvals');
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

    await approvers.askApprover('ada@example.com', message);

    expect(sns.commandCalls(PublishCommand)[0]?.args[0].input).toMatchObject({
      TopicArn: 'arn:aws:sns:eu-west-1:111122223333:approvals',
      Message: 'readable',
      MessageAttributes: { approver: { StringValue: 'ada@example.com' } },
    });
  });

  it('counts mailboxes that are subscribed for themselves, on all pages, and finds what would get the links of others', async () => {
    const subscription = (name: string, Endpoint: string, Protocol = 'email') => ({
      SubscriptionArn: `arn:aws:sns:e:1:approvals:${name}`,
      Endpoint,
      Protocol,
    });
    sns
      .on(ListSubscriptionsByTopicCommand)
      .resolvesOnce({
        Subscriptions: [
          subscription('own', 'Ada@example.com'),
          { ...subscription('pending', 'ben@example.com'), SubscriptionArn: 'PendingConfirmation' },
          subscription('other', 'mallory@example.com'),
        ],
        NextToken: 'n',
      })
      .resolves({
        Subscriptions: [
          subscription('both', 'cleo@example.com'),
          subscription('queue', 'arn:aws:sqs:e:1:q', 'sqs'),
          subscription('some', 'dan@example.com'),
          subscription('gone', 'eve@example.com'),
          subscription('everything', 'finn@example.com'),
        ],
      });
    const policy = (approver: unknown) => ({ Attributes: { FilterPolicy: JSON.stringify({ approver }) } });
    const attributes = (name: string) =>
      sns.on(GetSubscriptionAttributesCommand, { SubscriptionArn: `arn:aws:sns:e:1:approvals:${name}` });
    attributes('own').resolves(policy(['ada@example.com']));
    attributes('other').resolves(policy(['boss@example.com']));
    attributes('both').resolves(policy(['cleo@example.com', 'boss@example.com']));
    attributes('queue').resolves(policy(['ada@example.com']));
    attributes('some').resolves(policy(['dan@example.com', { prefix: 'b' }]));
    attributes('gone').rejects(new NotFoundException({ message: '', $metadata: {} }));
    attributes('everything').resolves({ Attributes: {} });

    const { confirmed, foreign } = await approvers.readSubscriptions();

    expect(confirmed).toEqual(['Ada@example.com', 'cleo@example.com']);
    expect(foreign.map(({ endpoint, approvers: named }) => [endpoint, named])).toEqual([
      ['mallory@example.com', ['boss@example.com']],
      ['cleo@example.com', ['boss@example.com']],
      ['arn:aws:sqs:e:1:q', ['ada@example.com']],
      ['dan@example.com', undefined],
      ['finn@example.com', undefined],
    ]);
  });
});
