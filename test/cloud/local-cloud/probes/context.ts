import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { LocalCloud } from '../../../../local-cloud/client.ts';
import { account, eventually, makeFunction, makeRole, region } from '../account.ts';

/** Handlers of the probes' functions, by the name in the event. */
const handler = `
class GateClosed extends Error { constructor() { super('closed in ' + process.pid); this.name = 'GateClosed'; } }
export const handler = async (event) => {
  if (event.slow) await new Promise((resolve) => setTimeout(resolve, event.slow));
  if (event.fail) throw new GateClosed();
  if (event.exit) process.exit(1);
  return { pid: process.pid, folder: import.meta.dirname };
};`;

const streamHandler = `
export const seen = new Set();
export const handler = async (event) => {
  for (const { dynamodb } of event.Records) {
    const id = dynamodb.Keys.id.S;
    console.log('seen ' + id);
    if (id !== 'poison' || seen.has(id)) continue;
    seen.add(id);
    return { batchItemFailures: [{ itemIdentifier: dynamodb.SequenceNumber }] };
  }
  const answer = await fetch(process.env.AWS_ENDPOINT_URL + '/stream-probe/' + event.Records.map((r) => r.dynamodb.Keys.id.S).join(','));
  await answer.text();
  return { batchItemFailures: [] };
};`;

const queueHandler = `
export const handler = async (event) => {
  const answer = await fetch(process.env.AWS_ENDPOINT_URL + '/queue-probe/' + event.Records[0].body);
  await answer.text();
};`;

export interface ProbeContext {
  cloud: LocalCloud;
  sfn: SFNClient;
  sqs: SQSClient;
  events: EventBridgeClient;
  lambda: LambdaClient;
  functionName: string;
}

export async function createProbeContext(cloud: LocalCloud): Promise<ProbeContext> {
  const config = cloud.clientConfig();
  const role = await makeRole(cloud, 'function', ['*']);
  await makeFunction(cloud, 'probe', role, handler);
  await makeFunction(cloud, 'stream', role, streamHandler);
  await makeFunction(cloud, 'queue', role, queueHandler);
  return {
    cloud,
    sfn: new SFNClient(config),
    sqs: new SQSClient(config),
    events: new EventBridgeClient(config),
    lambda: new LambdaClient(config),
    functionName: 'probe',
  };
}

/** A table whose rows have an `id`, and its stream. */
export async function makeTable(cloud: LocalCloud, TableName: string) {
  const dynamodb = new DynamoDBClient(cloud.clientConfig());
  const { TableDescription } = await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
    }),
  );
  return { dynamodb, stream: TableDescription?.LatestStreamArn };
}

/** Milliseconds. */
export async function duration(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

export const lambdaTask = (payload: object, more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: 'probe', Payload: payload },
  End: true,
  ...more,
});

export const nested = (StateMachineArn: string, more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::states:startExecution.sync:2',
  Arguments: { StateMachineArn, ...more },
  End: true,
});

export const waiting = (queueUrl: string, more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
  Arguments: { QueueUrl: queueUrl, MessageBody: '{% $states.context.Task.Token %}' },
  End: true,
  ...more,
});

export const singleState = (state: object, more: object = {}) => ({
  StartAt: 'Only',
  States: { Only: state },
  ...more,
});

export async function makeQueue({ sqs }: ProbeContext, name: string): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: ['events.amazonaws.com', 'scheduler.amazonaws.com'] },
        Action: 'sqs:SendMessage',
        Resource: queueArn(name),
      },
    ],
  };
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: JSON.stringify(policy) } }));
  return QueueUrl;
}

export const queueArn = (name: string) => `arn:aws:sqs:${region}:${account}:${name}`;

/** The next message of the queue, or undefined when none comes within the time. */
export async function receive(
  { sqs }: ProbeContext,
  QueueUrl: string,
  WaitTimeSeconds = 10,
): Promise<string | undefined> {
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds }));
  return Messages?.[0]?.Body;
}

export async function status(
  { sfn }: ProbeContext,
  executionArn: string | undefined,
): Promise<string | undefined> {
  return (await sfn.send(new DescribeExecutionCommand({ executionArn }))).status;
}

export async function start({ sfn }: ProbeContext, stateMachineArn: string, name?: string) {
  return sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{}', ...(name ? { name } : {}) }));
}

export async function allow({ cloud }: ProbeContext, role: string, ...statements: object[]): Promise<void> {
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  const iam = new IAMClient(cloud.clientConfig());
  await iam.send(new PutRolePolicyCommand({ RoleName: role, PolicyName: 'more', PolicyDocument }));
}

export async function assumeProbeRole({ cloud }: ProbeContext, role: string) {
  const RoleArn = `arn:aws:iam::${account}:role/${role}`;
  const sts = new STSClient(cloud.clientConfig());
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'probe' }));
  return {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
}

/** A queue client in a session of the role. */
export async function senderAs(context: ProbeContext, role: string): Promise<SQSClient> {
  return new SQSClient({
    ...context.cloud.clientConfig(),
    credentials: await assumeProbeRole(context, role),
  });
}

export async function stack(
  { cloud }: ProbeContext,
  name: string,
  resources: object,
  template: object = {},
): Promise<string> {
  const cloudformation = new CloudFormationClient(cloud.clientConfig());
  const body = JSON.stringify({ ...template, Resources: resources });
  try {
    await cloudformation.send(
      new CreateStackCommand({ StackName: name, TemplateBody: body, Capabilities: ['CAPABILITY_NAMED_IAM'] }),
    );
  } catch {
    return 'refused';
  }
  return eventually(async () => {
    const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName: name }));
    const reached = Stacks?.[0]?.StackStatus ?? '';
    return /_IN_PROGRESS$/.test(reached) ? undefined : reached;
  });
}

/**
 * For each correction a question to the cloud. The answer is whether it behaves as AWS does, or, where the correction only saves
 * time, what the work costs: a number to compare with that of a cloud without the correction.
 */
export type Probes = Record<string, (context: ProbeContext) => Promise<boolean | number>>;
