/** The ports of detect against the services of the local cloud: the same suite for the table as its fake passes. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CopyImageCommand,
  DisableImageCommand,
  EC2Client,
  waitUntilImageAvailable,
} from '@aws-sdk/client-ec2';
import { CreateEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateComponentCommand, ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  DeleteParameterCommand,
  LabelParameterVersionCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import * as z from 'zod';
import { type LocalCloud, startLocalCloud } from '../../local-cloud/client.ts';
import { dynamoTable } from '../../shared/adapters/dynamo-table.ts';
import { eventBridgePublisher } from '../../shared/adapters/eventbridge-publisher.ts';
import { s3Documents } from '../../shared/adapters/s3-documents.ts';
import { resolveAmi } from '../../shared/adapters/selectors/ami.ts';
import { resolveComponent } from '../../shared/adapters/selectors/component.ts';
import { resolveImage } from '../../shared/adapters/selectors/image.ts';
import { resolveLookup } from '../../shared/adapters/selectors/lookup.ts';
import { resolvePackages } from '../../shared/adapters/selectors/packages.ts';
import { createSelectorResolver } from '../../shared/adapters/selectors/resolver.ts';
import { resolveSource } from '../../shared/adapters/selectors/source.ts';
import { resolveSsm } from '../../shared/adapters/selectors/ssm.ts';
import { sfnWorkflows } from '../../shared/adapters/sfn-workflows.ts';
import { sqsHintQueue } from '../../shared/adapters/sqs-hint-queue.ts';
import { sqsReconcileQueue } from '../../shared/adapters/sqs-reconcile-queue.ts';
import { systemClock } from '../../shared/adapters/system-clock.ts';
import type { Table } from '../../shared/ports/table.ts';
import { resolverContract, type SelectorFixtures } from '../contracts/selector-resolver.ts';
import { tableContract } from '../contracts/table.ts';
import { aptIndex, REPOMD, rpmIndex } from '../support/fakes/selector-aws.ts';

let cloud: LocalCloud;
let table: Table;

beforeAll(async () => {
  cloud = await startLocalCloud({ stateFile: `.cache/detect-ports-${process.pid}.json`, speed: 600 });
  const client = new DynamoDBClient(cloud.clientConfig());
  await client.send(new CreateTableCommand({ ...readTableSchema(), TableName: 'contract' }));
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  table = dynamoTable(documents, 'contract');
});

afterAll(() => cloud.stop());

/** Keys and indexes as the stack makes them. */
function readTableSchema() {
  const names = z.array(z.object({ AttributeName: z.string(), AttributeType: z.literal('S') }));
  const schema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
  const Shape = z.object({
    BillingMode: z.literal('PAY_PER_REQUEST'),
    AttributeDefinitions: names,
    KeySchema: schema,
    GlobalSecondaryIndexes: z.array(
      z.object({
        IndexName: z.string(),
        KeySchema: schema,
        Projection: z.object({ ProjectionType: z.literal('ALL') }),
      }),
    ),
  });
  return Shape.parse(parse(readFileSync('resources/table.yml', 'utf8')).Resources.Table.Properties);
}

tableContract('DynamoDB', () => table);

describe('the queues', () => {
  it('take plan requests and hints, as many as there are', async () => {
    const sqs = new SQSClient(cloud.clientConfig());
    const queue = await sqs.send(new CreateQueueCommand({ QueueName: 'contract' }));
    const url = queue.QueueUrl ?? '';

    await sqsReconcileQueue(sqs, url).send(
      Array.from({ length: 11 }, (_, n) => ({ pipeline: `p${n}`, delaySeconds: 0 })),
    );
    const slow = await sqs.send(new CreateQueueCommand({ QueueName: 'contract-slow' }));
    const hints = sqsHintQueue(sqs, { hints: url, slow: slow.QueueUrl ?? '' });
    await hints.send(['arn:a', 'packages:https://example.com', 'ssm:b']);

    const bodies = new Set<string>();
    const until = Date.now() + 10_000;
    while (bodies.size < 12 && Date.now() < until) {
      const answer = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      for (const { Body } of answer.Messages ?? []) bodies.add(Body ?? '');
    }
    expect(bodies.size).toBe(12);
    expect(bodies).toContain('{"pipeline":"p10"}');
    expect(bodies).toContain('{"topics":["arn:a","ssm:b"]}');
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: slow.QueueUrl }));
    expect(Messages?.map(({ Body }) => Body)).toEqual(['{"topics":["packages:https://example.com"]}']);
  });
});

describe('workflows', () => {
  it('start once under one name, are found again, and may be stopped twice', async () => {
    const sfn = new SFNClient(cloud.clientConfig());
    const definition = { StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 600, End: true } } };
    const { Role } = await new IAMClient(cloud.clientConfig()).send(
      new CreateRoleCommand({
        RoleName: 'contract',
        AssumeRolePolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' },
          ],
        }),
      }),
    );
    const machine = await sfn.send(
      new CreateStateMachineCommand({
        name: 'contract-bake',
        roleArn: Role?.Arn,
        definition: JSON.stringify(definition),
      }),
    );
    const workflows = sfnWorkflows(sfn, machine.stateMachineArn ?? '');
    const name = '01JTEST0000000000000000BAK_001_bake';
    const input = { bake: '01JTEST0000000000000000BAK', attempt: 1 };

    const [first, second] = [await workflows.startBake(name, input), await workflows.startBake(name, input)];
    const running = await workflows.describe(first);
    await workflows.stop(first, 'enough');
    await workflows.stop(first, 'enough');
    const third = await workflows.startBake(name, input);
    await workflows.stop(workflows.executionArn('bake', 'nobody'), 'enough');

    expect([second, third, workflows.executionArn('bake', name)]).toEqual([first, first, first]);
    expect(running?.status).toBe('RUNNING');
    expect((await workflows.describe(first))?.status).toBe('ABORTED');
    expect(await workflows.describe(workflows.executionArn('bake', 'nobody'))).toBeUndefined();
  });
});

resolverContract('AWS', () => {
  const config = cloud.clientConfig();
  const ssm = new SSMClient(config);
  const imageBuilder = new ImagebuilderClient(config);
  const ec2 = new EC2Client(config);
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  const resolver = createSelectorResolver({
    ssm: resolveSsm(() => ssm),
    component: resolveComponent(() => imageBuilder),
    image: resolveImage(() => imageBuilder),
    lookup: resolveLookup(() => ec2, systemClock),
    ami: resolveAmi(() => ec2),
    source: resolveSource(() => s3),
    packages: resolvePackages({ fetch: globalThis.fetch, s3: () => s3 }),
  });
  return { resolver, fixtures: createFixtures({ ssm, imageBuilder, ec2, s3 }) };
});

function createFixtures({ ssm, imageBuilder, ec2, s3 }: Clients): SelectorFixtures {
  const upload = async (Bucket: string, Key: string, Body: string | Uint8Array) =>
    void (await s3.send(new PutObjectCommand({ Bucket, Key, Body })));
  const makeBucket = async (Bucket: string, versioned: boolean) => {
    // A slow answer makes the SDK send the request again; the bucket is there then.
    await s3.send(new CreateBucketCommand({ Bucket })).catch((error: unknown) => {
      if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
    });
    if (!versioned) return;
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  };
  return {
    account: cloud.controlAccount,
    region: cloud.region,
    upload,
    makeBucket,
    async putParameter(Name, Value) {
      await ssm.send(new PutParameterCommand({ Name, Value, Type: 'String', Overwrite: true }));
    },
    async labelParameter(Name, label) {
      await ssm.send(new LabelParameterVersionCommand({ Name, Labels: [label] }));
    },
    async deleteParameter(Name) {
      await ssm.send(new DeleteParameterCommand({ Name }));
    },
    async publishComponent(name, semanticVersion) {
      const steps = [{ name: 'Nothing', action: 'ExecuteBash', inputs: { commands: ['true'] } }];
      const document = { name, schemaVersion: 1.0, phases: [{ name: 'build', steps }] };
      await imageBuilder.send(
        new CreateComponentCommand({
          name,
          semanticVersion,
          platform: 'Linux',
          data: stringify({ ...document, description: semanticVersion }),
          clientToken: `${name}-${semanticVersion}`,
        }),
      );
    },
    async publishAmi({ name, architecture }) {
      const parameter = `/aws/service/contract/${architecture}`;
      const base = { parameter, name: `base of ${name}`, architecture, regions: [cloud.region] };
      const { images } = PublishedSchema.parse(await cloud.control.imageServices('publish-base', base));
      const { ImageId = '' } = await ec2.send(
        new CopyImageCommand({
          Name: name,
          SourceImageId: images[cloud.region],
          SourceRegion: cloud.region,
          ClientToken: name,
        }),
      );
      await waitUntilImageAvailable(
        { client: ec2, maxWaitTime: 20, minDelay: 1, maxDelay: 1 },
        { ImageIds: [ImageId] },
      );
      return ImageId;
    },
    async disableAmi(ImageId) {
      await ec2.send(new DisableImageCommand({ ImageId }));
    },
    async writeFeed(format, packages) {
      const bucket = `ovenbird-sources-${format}`;
      await makeBucket(bucket, false);
      if (format === 'apt') {
        await upload(bucket, 'dists/stable/Packages.gz', gzipSync(aptIndex(packages)));
        return `s3://${bucket}/dists/stable/Packages.gz`;
      }
      await upload(bucket, 'x86_64/repodata/repomd.xml', REPOMD);
      await upload(bucket, 'x86_64/repodata/0a1b-primary.xml.gz', gzipSync(rpmIndex(packages)));
      return `s3://${bucket}/x86_64`;
    },
  };
}

interface Clients {
  readonly ssm: SSMClient;
  readonly imageBuilder: ImagebuilderClient;
  readonly ec2: EC2Client;
  readonly s3: S3Client;
}
const PublishedSchema = z.object({ images: z.record(z.string(), z.string()) });

describe('documents and events', () => {
  it('are stored and taken', async () => {
    const s3 = new S3Client({ ...cloud.clientConfig(), forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'contract-evidence' }));
    const documents = s3Documents(s3, 'contract-evidence');
    const events = new EventBridgeClient(cloud.clientConfig());
    await events.send(new CreateEventBusCommand({ Name: 'contract' }));

    await documents.put('bakes/1/a.json', '{"ä":1}', 'application/json');
    await eventBridgePublisher(events, 'contract').publish(
      Array.from({ length: 11 }, (_, n) => ({
        id: String(n),
        detailType: 'Ovenbird Bake Started',
        detail: { n },
        at: '2026-03-02T08:00:00.000Z',
      })),
    );

    expect(await documents.get('bakes/1/a.json')).toBe('{"ä":1}');
    expect(await documents.get('bakes/1/b.json')).toBeUndefined();
  });
});
