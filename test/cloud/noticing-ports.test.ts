/** The ports of noticing against the services of the local cloud: the same suite for the table as its fake passes. */
import { readFileSync } from 'node:fs';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateComponentCommand, ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import * as z from 'zod';
import { type LocalCloud, startLocalCloud } from '../../local/client.ts';
import { dynamoTable } from '../../shared/adapters/dynamo-table.ts';
import { eventBridgePublisher } from '../../shared/adapters/eventbridge-publisher.ts';
import { s3Documents } from '../../shared/adapters/s3-documents.ts';
import { selectorResolver } from '../../shared/adapters/selector-resolver.ts';
import { sfnWorkflows } from '../../shared/adapters/sfn-workflows.ts';
import { sqsHintQueue } from '../../shared/adapters/sqs-hint-queue.ts';
import { sqsPlanQueue } from '../../shared/adapters/sqs-plan-queue.ts';
import type { Table } from '../../shared/ports.ts';
import { tableContract } from '../contracts/table.ts';

const COMPONENT = 'arn:aws:imagebuilder:eu-west-1:111122223333:component/contract';

let cloud: LocalCloud;
let table: Table;

beforeAll(async () => {
  cloud = await startLocalCloud({ stateFile: `.cache/noticing-ports-${process.pid}.json` });
  const client = new DynamoDBClient(cloud.clientConfig());
  await client.send(new CreateTableCommand({ ...shapeOfTable(), TableName: 'contract' }));
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  table = dynamoTable(documents, 'contract');
});

afterAll(() => cloud.stop());

/** Keys and indexes as the stack makes them. */
function shapeOfTable() {
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

    await sqsPlanQueue(sqs, url).send(
      Array.from({ length: 11 }, (_, n) => ({ pipeline: `p${n}`, delaySeconds: 0 })),
    );
    await sqsHintQueue(sqs, url).send(['a', 'b']);

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
    expect(bodies).toContain('{"topics":["a","b"]}');
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

describe('the resolver', () => {
  it('reads parameters and the newest version of a component, and says what there is not', async () => {
    const config = cloud.clientConfig();
    const ssm = new SSMClient(config);
    const imageBuilder = new ImagebuilderClient(config);
    const resolver = selectorResolver({ ssm, imageBuilder });
    const Value = 'ami-0f3c9a1b2d4e5f678';
    await ssm.send(new PutParameterCommand({ Name: '/contract/base', Value, Type: 'String' }));
    await ssm.send(new PutParameterCommand({ Name: '/contract/odd', Value: 'blue', Type: 'String' }));
    for (const semanticVersion of ['1.9.0', '1.10.0']) {
      const data = [
        `name: contract ${semanticVersion}`,
        'schemaVersion: 1.0',
        'phases:',
        '  - name: build',
        '    steps:',
        '      - name: Nothing',
        '        action: ExecuteBash',
        '        inputs: { commands: ["true"] }',
      ].join('\n');
      await imageBuilder.send(
        new CreateComponentCommand({
          name: 'contract',
          semanticVersion,
          platform: 'Linux',
          data,
          clientToken: semanticVersion,
        }),
      );
    }
    const region = 'eu-west-1';

    const base = await resolver.resolve({ kind: 'ssm', name: '/contract/base', region });
    const odd = await resolver.resolve({ kind: 'ssm', name: '/contract/odd', region });
    const none = await resolver.resolve({ kind: 'ssm', name: '/contract/none', region });
    const component = await resolver.resolve({ kind: 'component', arn: `${COMPONENT}/1.x.x` });
    const missing = await resolver.resolve({ kind: 'component', arn: `${COMPONENT}/2.x.x` });

    expect(base).toEqual({ found: true, version: Value, detail: { amiId: Value } });
    expect(component).toMatchObject({ found: true, version: `${COMPONENT}/1.10.0/1` });
    expect([odd.found, none.found, missing.found]).toEqual([false, false, false]);
  });
});

describe('documents and events', () => {
  it('are kept and taken', async () => {
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
