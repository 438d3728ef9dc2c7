import {
  CloudTrailClient,
  CreateTrailCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateAliasCommand, CreateKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLauncher, type Launcher } from '../../../local-cloud/gateway/launcher-client.ts';
import { type MiniStack, startMiniStack } from '../../../local-cloud/ministack/process.ts';

const control = '111122223333';
const target = '444455556666';
const region = 'eu-west-1';

let ministack: MiniStack;
let launcher: Launcher;

beforeAll(async () => {
  ministack = await startMiniStack({
    gatewayPort: 1,
    secret: 'known to the test',
    controlAccount: control,
    region,
    logFile: '.cache/test-launcher.log',
  });
  launcher = createLauncher(ministack.port, 'known to the test');
  await launcher.ready();
});

afterAll(async () => {
  launcher.close();
  await ministack.stop();
});

function config(account: string) {
  const credentials = { accessKeyId: account, secretAccessKey: 'local' };
  return { endpoint: ministack.endpoint, region, credentials };
}

async function makeRole(account: string, name: string, statement: object): Promise<string> {
  const iam = new IAMClient(config(account));
  const trust = { Effect: 'Allow', Principal: { AWS: control }, Action: 'sts:AssumeRole' };
  const document = (one: object) => JSON.stringify({ Version: '2012-10-17', Statement: [one] });
  await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: document(trust) }));
  await iam.send(
    new PutRolePolicyCommand({ RoleName: name, PolicyName: 'own', PolicyDocument: document(statement) }),
  );
  return `arn:aws:iam::${account}:role/${name}`;
}

async function assumeRole(roleArn: string): Promise<string> {
  const sts = new STSClient(config(control));
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'test' }),
  );
  return Credentials?.AccessKeyId ?? '';
}

describe('the launcher', () => {
  it('is closed without the secret', async () => {
    const stranger = createLauncher(ministack.port, 'guessed');

    await expect(stranger.ready()).rejects.toThrow(/403/);
    stranger.close();
  });

  it('knows sessions as principals of the account of their role', async () => {
    const role = await makeRole(target, 'distribute', { Effect: 'Allow', Action: 'ec2:*', Resource: '*' });

    expect(await launcher.identity(await assumeRole(role))).toMatchObject({
      principalArn: `arn:aws:sts::${target}:assumed-role/distribute/test`,
      account: target,
      roleArn: role,
      secretAccessKey: expect.any(String),
    });
  });

  it('knows users by their keys, and refuses an unknown key', async () => {
    const iam = new IAMClient(config(control));
    await iam.send(new CreateUserCommand({ UserName: 'ada' }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'ada' }));

    expect(await launcher.identity(AccessKey?.AccessKeyId ?? '')).toMatchObject({
      principalArn: `arn:aws:iam::${control}:user/ada`,
    });
    expect(await launcher.identity('ASIANOBODY')).toBeUndefined();
  });

  it('evaluates conditions on what the service says of the request', async () => {
    const role = await makeRole(control, 'tagger', {
      Effect: 'Allow',
      Action: 'ec2:CreateTags',
      Resource: `arn:aws:ec2:${region}::image/*`,
      Condition: {
        StringEquals: { 'aws:RequestTag/managed-by': 'ovenbird', 'ec2:CreateAction': 'CopyImage' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['managed-by'] },
      },
    });
    const accessKeyId = await assumeRole(role);
    const ask = (context: Record<string, string>) =>
      launcher.authorize({
        accessKeyId,
        action: 'ec2:CreateTags',
        resource: `arn:aws:ec2:${region}::image/ami-1`,
        account: control,
        region,
        context,
      });
    const good = { 'aws:RequestTag/managed-by': 'ovenbird', 'ec2:CreateAction': 'CopyImage' };

    expect(await ask(good)).toEqual({ allowed: true, message: '' });
    expect(await ask({ ...good, 'ec2:CreateAction': 'RunInstances' })).toMatchObject({ allowed: false });
    expect(await ask({ ...good, 'aws:RequestTag/other': 'x' })).toMatchObject({ allowed: false });
    expect((await ask({})).message).toBe(
      `User: arn:aws:sts::${control}:assumed-role/tagger/test is not authorized to perform: ec2:CreateTags on resource: arn:aws:ec2:${region}::image/ami-1 because no identity-based policy allows the ec2:CreateTags action`,
    );
  });

  it('lets another account use a key only where both sides allow it', async () => {
    const kms = new KMSClient(config(control));
    const policy = (principals: string[]) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: principals }, Action: 'kms:*', Resource: '*' }],
      });
    const root = (account: string) => `arn:aws:iam::${account}:root`;
    const shared = await kms.send(new CreateKeyCommand({ Policy: policy([root(control), root(target)]) }));
    const own = await kms.send(new CreateKeyCommand({ Policy: policy([root(control)]) }));
    const user = await makeRole(target, 'uses-keys', {
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: '*',
    });
    const ask = (key: string | undefined) =>
      launcher.kmsAccess({
        key: key ?? '',
        account: target,
        region,
        principalArn: user,
        operations: ['Decrypt', 'CreateGrant'],
      });

    expect(await ask(shared.KeyMetadata?.Arn)).toMatchObject({
      exists: true,
      enabled: true,
      allowed: { Decrypt: true, CreateGrant: false },
    });
    expect((await ask(own.KeyMetadata?.Arn)).allowed).toEqual({ Decrypt: false, CreateGrant: false });
    expect(await ask('arn:aws:kms:eu-west-1:111122223333:key/none')).toMatchObject({ exists: false });
  });

  it('finds keys by alias, knows whether they are enabled, and AWS’s own from customers’', async () => {
    const kms = new KMSClient(config(control));
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/images', TargetKeyId: KeyMetadata?.KeyId }));
    await kms.send(new DisableKeyCommand({ KeyId: KeyMetadata?.KeyId }));
    const question = {
      account: control,
      region,
      principalArn: `arn:aws:iam::${control}:root`,
      operations: ['Encrypt'],
    };

    expect(await launcher.kmsAccess({ ...question, key: 'alias/images' })).toMatchObject({
      arn: KeyMetadata?.Arn,
      enabled: false,
      managedBy: 'CUSTOMER',
    });
    expect(await launcher.kmsAccess({ ...question, key: 'alias/aws/ebs' })).toMatchObject({
      managedBy: 'AWS',
    });
  });

  it('raises the version of a public parameter with each value, in its region alone', async () => {
    const name = '/aws/service/ami-amazon-linux-latest/al2023';
    const read = (where: string) =>
      new SSMClient({ ...config(target), region: where }).send(new GetParameterCommand({ Name: name }));
    await launcher.seedParameter({ region, name, value: 'ami-1' });
    await launcher.seedParameter({ region, name, value: 'ami-2' });

    expect((await read(region)).Parameter).toMatchObject({
      Value: 'ami-2',
      Version: 2,
      DataType: 'text',
      ARN: `arn:aws:ssm:${region}::parameter${name}`,
    });
    await expect(read('us-east-1')).rejects.toMatchObject({ name: 'ParameterNotFound' });
  });

  it('counts a trail while it logs, a multi-region one everywhere', async () => {
    const cloudtrail = new CloudTrailClient(config(target));
    const trail = { Name: 'everywhere', S3BucketName: 'logs', IsMultiRegionTrail: true };
    await cloudtrail.send(new CreateTrailCommand(trail));
    expect(await launcher.trails(target, 'us-east-1')).toEqual([]);

    await cloudtrail.send(new StartLoggingCommand({ Name: 'everywhere' }));
    expect(await launcher.trails(target, 'us-east-1')).toHaveLength(1);
    expect(await launcher.trails(control, region)).toEqual([]);

    await cloudtrail.send(new StopLoggingCommand({ Name: 'everywhere' }));
    expect(await launcher.trails(target, region)).toEqual([]);
  });
});
