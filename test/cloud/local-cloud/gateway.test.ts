import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudTrailClient, CreateTrailCommand, StartLoggingCommand } from '@aws-sdk/client-cloudtrail';
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { findLocalCloud, type LocalCloud, startLocalCloud } from '../../../local-cloud/client.ts';
import { account, assumeRole, eventually, makeFunction, makeRole } from './account.ts';

const stateFile = '.cache/test-gateway.json';
const template = {
  Resources: {
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: 'things',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      },
    },
  },
};
const tableArn = 'arn:aws:dynamodb:eu-west-1:111122223333:table/things';

let cloud: LocalCloud;
let seen = 0;

beforeAll(async () => {
  cloud = await startLocalCloud({ stateFile });
  const cloudformation = new CloudFormationClient(cloud.clientConfig());
  await cloudformation.send(
    new CreateStackCommand({ StackName: 'smoke', TemplateBody: JSON.stringify(template) }),
  );
  await eventually(async () => {
    const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName: 'smoke' }));
    return Stacks?.[0]?.StackStatus === 'CREATE_COMPLETE' ? true : undefined;
  });
});

afterAll(async () => {
  await cloud.stop();
  expect(await findLocalCloud(stateFile)).toBeUndefined();
});

beforeEach(async () => {
  seen = (await cloud.control.calls()).length;
});

const newCalls = () => cloud.control.calls(seen);

describe('the gateway', () => {
  it('records caller, action and resource', async () => {
    const role = await makeRole(cloud, 'reader', ['dynamodb:GetItem'], { AWS: account });
    const dynamodb = new DynamoDBClient(await assumeRole(cloud, role));
    await dynamodb.send(new GetItemCommand({ TableName: 'things', Key: { id: { S: 'x' } } }));

    expect((await newCalls()).at(-1)).toMatchObject({
      service: 'dynamodb',
      operation: 'GetItem',
      account,
      region: 'eu-west-1',
      principal: `arn:aws:sts::${account}:assumed-role/reader/test`,
      actions: [{ action: 'dynamodb:GetItem', resource: tableArn }],
      status: 200,
    });
  });

  it('records a call that the role may not make as denied', async () => {
    const role = await makeRole(cloud, 'outsider', ['dynamodb:GetItem'], { AWS: account });
    const dynamodb = new DynamoDBClient(await assumeRole(cloud, role));
    const put = dynamodb.send(new PutItemCommand({ TableName: 'things', Item: { id: { S: 'x' } } }));

    await expect(put).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('is not authorized to perform: dynamodb:PutItem'),
    });
    expect((await newCalls()).at(-1)).toMatchObject({
      actions: [{ action: 'dynamodb:PutItem', resource: tableArn }],
      errorCode: 'AccessDeniedException',
    });
  });

  it('checks the policies of callers of the image services too', async () => {
    const role = await makeRole(cloud, 'lister', ['dynamodb:GetItem'], { AWS: account });
    const ec2 = new EC2Client(await assumeRole(cloud, role));

    await expect(ec2.send(new DescribeImagesCommand({ Owners: ['self'] }))).rejects.toMatchObject({
      name: 'UnauthorizedOperation',
    });
    expect((await newCalls()).at(-1)).toMatchObject({
      service: 'ec2',
      actions: [{ action: 'ec2:DescribeImages', resource: '*' }],
      errorCode: 'UnauthorizedOperation',
      status: 403,
    });
  });

  it('refuses a signature with the wrong secret', async () => {
    const role = await makeRole(cloud, 'forged', ['ec2:*'], { AWS: account });
    const session = await assumeRole(cloud, role);
    const forged = { ...session, credentials: { ...session.credentials, secretAccessKey: 'guessed' } };

    await expect(new EC2Client(session).send(new DescribeImagesCommand({}))).resolves.toBeDefined();
    await expect(new EC2Client(forged).send(new DescribeImagesCommand({}))).rejects.toMatchObject({
      name: 'AuthFailure',
    });
  });

  it('lets sessions act in the account of their role', async () => {
    const sts = new STSClient(cloud.clientConfig('444455556666', 'us-east-1'));

    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: '444455556666' });
  });

  it('injects an error that the SDK takes for the service’s own, and retries', async () => {
    const { id } = await cloud.control.addFault({
      service: 'dynamodb',
      operation: 'GetItem',
      effect: { error: { code: 'ThrottlingException' } },
    });
    const dynamodb = new DynamoDBClient(cloud.clientConfig());
    const { $metadata } = await dynamodb.send(
      new GetItemCommand({ TableName: 'things', Key: { id: { S: 'x' } } }),
    );

    expect($metadata.attempts).toBe(2);
    expect((await newCalls()).map(({ status, fault }) => ({ status, fault }))).toEqual([
      { status: 400, fault: id },
      { status: 200, fault: undefined },
    ]);
  });

  it('carries a call out and loses its answer', async () => {
    await cloud.control.addFault({
      service: 'dynamodb',
      operation: 'PutItem',
      effect: { dropResponse: true },
    });
    const dynamodb = new DynamoDBClient({ ...cloud.clientConfig(), maxAttempts: 1 });
    const put = dynamodb.send(
      new PutItemCommand({ TableName: 'things', Item: { id: { S: 'lost answer' } } }),
    );
    await expect(put).rejects.toThrow();

    const key = { TableName: 'things', Key: { id: { S: 'lost answer' } } };
    expect((await dynamodb.send(new GetItemCommand(key))).Item).toBeDefined();
  });

  it('kills the function that makes a call, before or after the call is carried out', async () => {
    const role = await makeRole(cloud, 'writer', ['dynamodb:PutItem']);
    await makeFunction(
      cloud,
      'write',
      role,
      `const sign = 'AWS4-HMAC-SHA256 Credential=${account}/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00';
      export const handler = async ({ id }) => {
        const answer = await fetch(process.env.AWS_ENDPOINT_URL, {
          method: 'POST',
          headers: { authorization: sign, 'x-amz-target': 'DynamoDB_20120810.PutItem', 'content-type': 'application/x-amz-json-1.0' },
          body: JSON.stringify({ TableName: 'things', Item: { id: { S: id } } }),
        });
        return { status: answer.status };
      };`,
    );
    const lambda = new LambdaClient(cloud.clientConfig());
    const dynamodb = new DynamoDBClient(cloud.clientConfig());
    const write = async (id: string) => {
      const input = { FunctionName: 'write', Payload: Buffer.from(JSON.stringify({ id })) };
      const { Payload } = await lambda.send(new InvokeCommand(input));
      const { Item } = await dynamodb.send(
        new GetItemCommand({ TableName: 'things', Key: { id: { S: id } } }),
      );
      return { ...JSON.parse(Buffer.from(Payload ?? []).toString()), written: Item !== undefined };
    };
    await cloud.control.addFault({ service: 'dynamodb', operation: 'PutItem', effect: { crash: 'before' } });
    const before = await write('before');
    await cloud.control.addFault({ service: 'dynamodb', operation: 'PutItem', effect: { crash: 'after' } });
    const after = await write('after');

    expect(before).toMatchObject({ errorType: 'Runtime.ExitError', written: false });
    expect(after).toMatchObject({ errorType: 'Runtime.ExitError', written: true });
    expect(await write('without')).toEqual({ status: 200, written: true });
  });

  it('injects errors into the image services', async () => {
    await cloud.control.addFault({
      service: 'ec2',
      operation: 'DescribeImages',
      effect: { error: { code: 'RequestLimitExceeded', status: 503 } },
    });
    const ec2 = new EC2Client({ ...cloud.clientConfig(), maxAttempts: 1 });

    await expect(ec2.send(new DescribeImagesCommand({}))).rejects.toMatchObject({
      name: 'RequestLimitExceeded',
    });
    await expect(ec2.send(new DescribeImagesCommand({}))).resolves.toBeDefined();
  });

  it('keeps bodies and keys of objects as they are', async () => {
    const s3 = new S3Client(cloud.clientConfig());
    const object = { Bucket: 'evidence', Key: 'a b/ü+1.json' };
    const body = Buffer.alloc(3_000_000, 'x');
    await s3.send(new CreateBucketCommand({ Bucket: 'evidence' }));
    await s3.send(new PutObjectCommand({ ...object, Body: body }));
    const { Body } = await s3.send(new GetObjectCommand(object));

    expect((await Body?.transformToByteArray())?.length).toBe(body.length);
    expect((await newCalls()).at(-1)?.actions).toEqual([
      { action: 's3:GetObject', resource: 'arn:aws:s3:::evidence/a b/ü+1.json' },
    ]);
  });

  it('is the address that services give out', async () => {
    const sqs = new SQSClient(cloud.clientConfig());
    await sqs.send(new CreateQueueCommand({ QueueName: 'somewhere' }));
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'somewhere' }));

    expect(QueueUrl).toBe(`${cloud.endpoint}/${account}/somewhere`);
  });

  it('changes neither the type nor the data type of a parameter that stands', async () => {
    const ssm = new SSMClient(cloud.clientConfig());
    const Name = '/golden/text';
    const put = (more: object) =>
      ssm.send(new PutParameterCommand({ Name, Value: 'x', Type: 'String', Overwrite: true, ...more }));
    await put({});

    await expect(put({ DataType: 'aws:ec2:image' })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(put({ Type: 'StringList' })).rejects.toMatchObject({
      name: 'HierarchyTypeMismatchException',
    });
    await expect(put({ DataType: 'text', Value: 'y' })).resolves.toMatchObject({ Version: 2 });
  });

  it.each([
    '/aws/golden/web',
    '/SSM/golden/web',
    'awsome',
    '/ovenbird//web',
    '/ovenbird/web/',
    '/ovenbird/{team}/web',
    'ovenbird/web',
    `/a${'/b'.repeat(15)}`,
  ])('stores no parameter with a name that Parameter Store never takes: %s', async (Name) => {
    const ssm = new SSMClient(cloud.clientConfig());

    await expect(
      ssm.send(new PutParameterCommand({ Name, Value: 'x', Type: 'String' })),
    ).rejects.toMatchObject({ name: expect.stringMatching(/^(?:Validation|HierarchyLevelLimit)/) });
  });

  it('does not store an image parameter that names no image of the account', async () => {
    const ssm = new SSMClient(cloud.clientConfig());
    const parameter = { Name: '/golden/id', Type: 'String', DataType: 'aws:ec2:image' } as const;
    const put = await ssm.send(new PutParameterCommand({ ...parameter, Value: 'ami-00000000000000000' }));

    expect(put.Version).toBe(1);
    await expect(ssm.send(new GetParameterCommand({ Name: '/golden/id' }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
  });

  it('stores an image parameter that names an image which the account can see there', async () => {
    const ssm = new SSMClient(cloud.clientConfig());
    const base = '/aws/service/ami-amazon-linux-latest/visible';
    await cloud.control.imageServices('publish-base', {
      parameter: base,
      name: 'visible-2026',
      architecture: 'arm64',
      regions: ['eu-west-1'],
      inventory: [],
    });
    const { Parameter: published } = await ssm.send(new GetParameterCommand({ Name: base }));
    const parameter = { Name: '/golden/visible', Type: 'String', DataType: 'aws:ec2:image' } as const;
    await cloud.control.imageServices('delay-effects', { parameter: 0 });
    await ssm.send(new PutParameterCommand({ ...parameter, Value: published?.Value }));

    const { Parameter: stored } = await ssm.send(new GetParameterCommand({ Name: '/golden/visible' }));
    expect(stored).toMatchObject({ Value: published?.Value, DataType: 'aws:ec2:image' });
    const elsewhere = new SSMClient(cloud.clientConfig(account, 'us-east-1'));
    await elsewhere.send(new PutParameterCommand({ ...parameter, Value: published?.Value }));
    await expect(elsewhere.send(new GetParameterCommand({ Name: '/golden/visible' }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
  });

  it('answers 404 to control requests that it does not know, with what there is', async () => {
    await expect(cloud.control.imageServices('conjure', {})).rejects.toThrow(
      /no control action "conjure"; they have/,
    );
  });

  it('takes trails from the API and knows whether they log', async () => {
    const cloudtrail = new CloudTrailClient(cloud.clientConfig());
    await cloudtrail.send(
      new CreateTrailCommand({ Name: 'all', S3BucketName: 'evidence', IsMultiRegionTrail: true }),
    );
    await cloudtrail.send(new StartLoggingCommand({ Name: 'all' }));

    expect((await newCalls()).map(({ operation }) => operation)).toEqual(['CreateTrail', 'StartLogging']);
  });

  it('keeps accounts and regions apart', async () => {
    const other = new DynamoDBClient(cloud.clientConfig('444455556666'));
    const elsewhere = new DynamoDBClient(cloud.clientConfig(account, 'us-east-1'));
    const create = new CreateTableCommand({
      TableName: 'things',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    });

    await expect(other.send(create)).resolves.toBeDefined();
    await expect(elsewhere.send(create)).resolves.toBeDefined();
  });
});
