import { CreateInstanceProfileCommand, GetInstanceProfileCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  KMSClient,
} from '@aws-sdk/client-kms';
import {
  CreateTopicCommand,
  GetSubscriptionAttributesCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import { SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { account, makeRole, region } from '../account.ts';

import { allow, assumeProbeRole, duration, makeQueue, type Probes, queueArn, senderAs } from './context.ts';

export const permissionProbes: Probes = {
  async policies_are_parsed_once(context) {
    const send = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' };
    const others = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:PutItem'],
        Resource: `arn:aws:dynamodb:*:*:table/table-${index}`,
      }));
    const least: number[] = [];
    for (const [role, count] of [
      ['of-few-rights', 1],
      ['of-many-rights', 5000],
    ] as const) {
      const QueueUrl = await makeQueue(context, role);
      await makeRole(context.cloud, role, [], { AWS: account });
      await allow(context, role, send, ...others(count));
      const client = await senderAs(context, role);
      const times: number[] = [];
      for (let turn = 0; turn < 8; turn += 1)
        times.push(
          await duration(() => client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }))),
        );
      least.push(Math.min(...times));
    }
    const [few = 0, many = 0] = least;
    return many / few;
  },

  async the_loopback_counts_as_tls(context) {
    const QueueUrl = await makeQueue(context, 'over-tls');
    await makeRole(context.cloud, 'tls-sender', [], { AWS: account });
    const overTls = {
      Effect: 'Allow',
      Action: 'sqs:SendMessage',
      Resource: '*',
      Condition: { Bool: { 'aws:SecureTransport': 'true' } },
    };
    await allow(context, 'tls-sender', overTls);
    const sender = await senderAs(context, 'tls-sender');
    return sender.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' })).then(
      () => true,
      () => false,
    );
  },

  async subscriptions_belong_to_topics(context) {
    const sns = new SNSClient(context.cloud.clientConfig());
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'judged' }));
    await makeQueue(context, 'subscribed');
    const subscription = { TopicArn, Protocol: 'sqs', Endpoint: queueArn('subscribed') };
    const { SubscriptionArn } = await sns.send(new SubscribeCommand(subscription));
    await makeRole(context.cloud, 'reader', [], { AWS: account });
    const read = { Effect: 'Allow', Action: 'sns:GetSubscriptionAttributes', Resource: TopicArn };
    await allow(context, 'reader', read);
    const credentials = await assumeProbeRole(context, 'reader');
    const reader = new SNSClient({ ...context.cloud.clientConfig(), credentials });
    return reader.send(new GetSubscriptionAttributesCommand({ SubscriptionArn })).then(
      () => true,
      () => false,
    );
  },

  async instance_profiles_are_resources(context) {
    const profile = { InstanceProfileName: 'judged', Path: '/images/' };
    const iam = new IAMClient(context.cloud.clientConfig());
    await iam.send(new CreateInstanceProfileCommand(profile));
    await makeRole(context.cloud, 'profile-reader', [], { AWS: account });
    const Resource = `arn:aws:iam::${account}:instance-profile/images/*`;
    await allow(context, 'profile-reader', { Effect: 'Allow', Action: 'iam:GetInstanceProfile', Resource });
    const credentials = await assumeProbeRole(context, 'profile-reader');
    const reader = new IAMClient({ ...context.cloud.clientConfig(), credentials });
    return reader.send(new GetInstanceProfileCommand({ InstanceProfileName: 'judged' })).then(
      () => true,
      () => false,
    );
  },

  async batches_need_the_single_right(context) {
    const QueueUrl = await makeQueue(context, 'batches');
    await makeRole(context.cloud, 'batch-sender', ['sqs:SendMessage'], { AWS: account });
    const sender = await senderAs(context, 'batch-sender');
    const Entries = [{ Id: 'one', MessageBody: 'hello' }];
    const sent = await sender.send(new SendMessageBatchCommand({ QueueUrl, Entries })).catch(() => undefined);
    return sent?.Successful?.length === 1;
  },

  async keys_are_known_by_their_aliases(context) {
    const kms = new KMSClient(context.cloud.clientConfig());
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const KeyId = KeyMetadata?.KeyId ?? '';
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/known', TargetKeyId: KeyId }));
    await makeRole(context.cloud, 'key-reader', [], { AWS: account });
    await allow(context, 'key-reader', {
      Effect: 'Allow',
      Action: 'kms:DescribeKey',
      Resource: `arn:aws:kms:${region}:${account}:key/*`,
      Condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/known' } },
    });
    const credentials = await assumeProbeRole(context, 'key-reader');
    const reader = new KMSClient({ ...context.cloud.clientConfig(), credentials });
    return reader.send(new DescribeKeyCommand({ KeyId: 'alias/known' })).then(
      () => true,
      () => false,
    );
  },

  async sessions_are_known_by_their_roles(context) {
    const QueueUrl = await makeQueue(context, 'by-role');
    await makeRole(context.cloud, 'known-role', [], { AWS: account });
    await allow(context, 'known-role', {
      Effect: 'Allow',
      Action: 'sqs:SendMessage',
      Resource: '*',
      Condition: { ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::${account}:role/known-role` } },
    });
    const sender = await senderAs(context, 'known-role');
    return sender.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' })).then(
      () => true,
      () => false,
    );
  },

  async data_keys_can_be_tried(context) {
    const kms = new KMSClient(context.cloud.clientConfig());
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const request = { KeyId: KeyMetadata?.KeyId, KeySpec: 'AES_256', DryRun: true } as const;
    return kms.send(new GenerateDataKeyWithoutPlaintextCommand(request)).then(
      () => false,
      (error: unknown) => error instanceof Error && error.name === 'DryRunOperationException',
    );
  },
};
