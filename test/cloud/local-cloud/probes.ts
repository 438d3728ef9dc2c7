import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudTrailClient, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeSecurityGroupsCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  CreateEventBusCommand,
  DescribeEventBusCommand,
  EventBridgeClient,
  PutEventsCommand,
  PutPermissionCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateAliasCommand, CreateKeyCommand, DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateEventSourceMappingCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeExecutionCommand,
  SendTaskFailureCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  CreateTopicCommand,
  GetSubscriptionAttributesCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import {
  DeleteParameterCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { LocalCloud } from '../../../local-cloud/client.ts';
import { account, eventually, makeFunction, makeMachine, makeRole, pause, region, run } from './account.ts';

/** Handlers of the probes' functions, by the name in the event. */
const handler = `
class GateClosed extends Error { constructor() { super('closed in ' + process.pid); this.name = 'GateClosed'; } }
export const handler = async (event) => {
  if (event.fail) throw new GateClosed();
  if (event.exit) process.exit(1);
  if (event.slow) await new Promise((resolve) => setTimeout(resolve, event.slow));
  return { pid: process.pid, folder: import.meta.dirname };
};`;

const streamHandler = `
const seen = new Set();
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

export interface Stage {
  cloud: LocalCloud;
  sfn: SFNClient;
  sqs: SQSClient;
  events: EventBridgeClient;
  lambda: LambdaClient;
  functionName: string;
}

export async function setStage(cloud: LocalCloud): Promise<Stage> {
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
async function makeTable(cloud: LocalCloud, TableName: string) {
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
async function duration(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

const lambdaTask = (payload: object, more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: 'probe', Payload: payload },
  End: true,
  ...more,
});

const nested = (StateMachineArn: string, more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::states:startExecution.sync:2',
  Arguments: { StateMachineArn, ...more },
  End: true,
});

const waiting = (queueUrl: string, more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
  Arguments: { QueueUrl: queueUrl, MessageBody: '{% $states.context.Task.Token %}' },
  End: true,
  ...more,
});

const singleState = (state: object, more: object = {}) => ({
  StartAt: 'Only',
  States: { Only: state },
  ...more,
});

async function makeQueue({ sqs }: Stage, name: string): Promise<string> {
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

const queueArn = (name: string) => `arn:aws:sqs:${region}:${account}:${name}`;

/** The next message of the queue, or undefined when none comes within the time. */
async function receive({ sqs }: Stage, QueueUrl: string, WaitTimeSeconds = 10): Promise<string | undefined> {
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds }));
  return Messages?.[0]?.Body;
}

async function status({ sfn }: Stage, executionArn: string | undefined): Promise<string | undefined> {
  return (await sfn.send(new DescribeExecutionCommand({ executionArn }))).status;
}

async function start({ sfn }: Stage, stateMachineArn: string, name?: string) {
  return sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{}', ...(name ? { name } : {}) }));
}

async function allow({ cloud }: Stage, role: string, ...statements: object[]): Promise<void> {
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  const iam = new IAMClient(cloud.clientConfig());
  await iam.send(new PutRolePolicyCommand({ RoleName: role, PolicyName: 'more', PolicyDocument }));
}

async function assumeStageRole({ cloud }: Stage, role: string) {
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
async function senderAs(stage: Stage, role: string): Promise<SQSClient> {
  return new SQSClient({ ...stage.cloud.clientConfig(), credentials: await assumeStageRole(stage, role) });
}

async function stack({ cloud }: Stage, name: string, resources: object): Promise<string> {
  const cloudformation = new CloudFormationClient(cloud.clientConfig());
  const body = JSON.stringify({ Resources: resources });
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

/** Probes that look at how long something takes. */
export const timed: ReadonlySet<string> = new Set([
  'executions_start_at_once',
  'invocations_answer_at_once',
  'policies_are_parsed_once',
  'queues_are_long_polled',
  'streams_are_polled',
  'transactions_are_quick',
]);

/**
 * For each correction a probe, through the API of the services: true when the cloud behaves as AWS does.
 */
export const probes: Record<string, (stage: Stage) => Promise<boolean>> = {
  async executions_start_at_once({ cloud }) {
    const machine = await makeMachine(cloud, 'at-once', singleState({ Type: 'Pass', End: true }));
    const times: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const { startDate, stopDate } = await run(cloud, machine);
      times.push(Number(stopDate) - Number(startDate));
    }
    return Math.min(...times) < 100;
  },

  async starting_the_same_again_is_idempotent(stage) {
    const machine = await makeMachine(
      stage.cloud,
      'twice',
      singleState({ Type: 'Wait', Seconds: 5, End: true }),
    );
    const first = await start(stage, machine, 'same');
    const second = await start(stage, machine, 'same').catch(() => undefined);
    return first.executionArn === second?.executionArn;
  },

  async ended_executions_stay_as_they_ended(stage) {
    const queue = await makeQueue(stage, 'ended');
    // On a slow machine the task may time out before it can be stopped.
    for (const seconds of [1, 4, 16]) {
      const definition = singleState(waiting(queue, { TimeoutSeconds: seconds }));
      const machine = await makeMachine(stage.cloud, `ended-${seconds}`, definition);
      const { executionArn } = await start(stage, machine);
      await receive(stage, queue);
      const isStopped = await stage.sfn.send(new StopExecutionCommand({ executionArn })).then(
        () => true,
        () => false,
      );
      if (!isStopped) continue;
      await pause((seconds + 0.5) * 1000);
      return (await status(stage, executionArn)) === 'ABORTED';
    }
    return false;
  },

  async nested_executions_are_executions(stage) {
    const queue = await makeQueue(stage, 'nested');
    const failing = await makeMachine(
      stage.cloud,
      'failing',
      singleState({ Type: 'Fail', Error: 'GateClosed' }),
    );
    const parent = await makeMachine(stage.cloud, 'parent', singleState(nested(failing)));
    const ended = await run(stage.cloud, parent);
    const cause = ended.error === 'States.TaskFailed' ? JSON.parse(ended.cause ?? '{}') : {};

    const child = await makeMachine(stage.cloud, 'child', singleState(waiting(queue)));
    const keeper = await makeMachine(
      stage.cloud,
      'keeper',
      singleState(nested(child, { Name: 'stopped-with-parent' })),
    );
    const { executionArn } = await start(stage, keeper);
    await receive(stage, queue);
    await stage.sfn.send(new StopExecutionCommand({ executionArn }));
    await pause(200);
    const childArn = `arn:aws:states:${region}:${account}:execution:child:stopped-with-parent`;
    const childStatus = await status(stage, childArn).catch(() => 'not found');
    return cause.Error === 'GateClosed' && cause.Status === 'FAILED' && childStatus === 'ABORTED';
  },

  async machines_time_out({ cloud }) {
    const wait = { Type: 'Wait', Seconds: 3, End: true };
    const ended = await run(
      cloud,
      await makeMachine(cloud, 'times-out', singleState(wait, { TimeoutSeconds: 1 })),
    );
    return ended.status === 'TIMED_OUT';
  },

  async task_fields_may_be_expressions(stage) {
    const queue = await makeQueue(stage, 'expressions');
    const state = waiting(queue, { TimeoutSeconds: '{% 1 %}' });
    const ended = await run(stage.cloud, await makeMachine(stage.cloud, 'expressions', singleState(state)));
    return ended.error === 'States.Timeout';
  },

  async each_attempt_has_its_own_token(stage) {
    const queue = await makeQueue(stage, 'tokens');
    const retry = [{ ErrorEquals: ['Again'], IntervalSeconds: 1, MaxAttempts: 1 }];
    const machine = await makeMachine(stage.cloud, 'tokens', singleState(waiting(queue, { Retry: retry })));
    await start(stage, machine);
    const first = await receive(stage, queue);
    await stage.sfn.send(new SendTaskFailureCommand({ taskToken: first, error: 'Again' }));
    const second = await receive(stage, queue);
    return second !== undefined && second !== first;
  },

  async retries_honour_their_delay({ cloud }) {
    const retry = [
      { ErrorEquals: ['GateClosed'], IntervalSeconds: 1, BackoffRate: 4, MaxDelaySeconds: 2, MaxAttempts: 2 },
    ];
    const state = lambdaTask({ fail: true }, { Retry: retry });
    const all = { ...state, Retry: [{ ...retry[0], ErrorEquals: ['States.ALL'] }] };
    const { startDate, stopDate } = await run(cloud, await makeMachine(cloud, 'delays', singleState(all)));
    return Number(stopDate) - Number(startDate) < 4500;
  },

  async callback_tasks_fail_with_their_call({ cloud }) {
    const state = {
      ...lambdaTask({ fail: true }, { TimeoutSeconds: 2 }),
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    };
    const ended = await run(cloud, await makeMachine(cloud, 'fails-with-call', singleState(state)));
    return ended.error !== 'States.Timeout';
  },

  async callback_tasks_end_in_time(stage) {
    const queue = await makeQueue(stage, 'heartbeats');
    const state = waiting(queue, { HeartbeatSeconds: 1, TimeoutSeconds: 3 });
    const ended = await run(stage.cloud, await makeMachine(stage.cloud, 'heartbeats', singleState(state)));
    return ended.error === 'States.HeartbeatTimeout';
  },

  async errors_keep_their_name({ cloud }) {
    const machine = singleState(lambdaTask({ fail: true }));
    return (await run(cloud, await makeMachine(cloud, 'names', machine))).error === 'GateClosed';
  },

  async crashes_are_exit_errors({ cloud }) {
    const machine = singleState(lambdaTask({ exit: true }));
    return (await run(cloud, await makeMachine(cloud, 'crashes', machine))).error === 'Runtime.ExitError';
  },

  async environments_survive_errors({ lambda }) {
    const invoke = async (payload: object) => {
      const input = { FunctionName: 'probe', Payload: Buffer.from(JSON.stringify(payload)) };
      return JSON.parse(Buffer.from((await lambda.send(new InvokeCommand(input))).Payload ?? []).toString());
    };
    const failed = new Set<string>();
    for (let turn = 0; turn < 4; turn += 1) failed.add((await invoke({ fail: true })).errorMessage);
    // More at a time than there are idle environments, other probes' included: one that survived its error is among them.
    const after = await Promise.all(Array.from({ length: 8 }, () => invoke({ slow: 300 })));
    return after.some(({ pid }) => failed.has(`closed in ${pid}`));
  },

  async environments_share_their_code({ lambda }) {
    const input = { FunctionName: 'probe', Payload: Buffer.from('{"slow":300}') };
    const answers = await Promise.all([1, 2].map(() => lambda.send(new InvokeCommand(input))));
    const folders = answers.map(({ Payload }) => JSON.parse(Buffer.from(Payload ?? []).toString()).folder);
    return folders[0] !== undefined && folders[0] === folders[1];
  },

  async invocations_answer_at_once({ lambda }) {
    const times: number[] = [];
    for (let turn = 0; turn < 10; turn += 1) {
      const started = performance.now();
      await lambda.send(new InvokeCommand({ FunctionName: 'probe', Payload: Buffer.from('{}') }));
      times.push(performance.now() - started);
    }
    return Math.min(...times) < 45;
  },

  async queues_are_long_polled(stage) {
    const [watched, unwatched] = await Promise.all([
      makeQueue(stage, 'watched'),
      makeQueue(stage, 'unwatched'),
    ]);
    await stage.lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: 'queue',
        EventSourceArn: queueArn('watched'),
        BatchSize: 1,
      }),
    );
    const times: number[] = [];
    for (let turn = 0; turn < 11; turn += 1) {
      // A message of which no function hears wakes the poller for nothing.
      await stage.sqs.send(new SendMessageCommand({ QueueUrl: unwatched, MessageBody: 'nothing' }));
      const sent = Date.now();
      await stage.sqs.send(new SendMessageCommand({ QueueUrl: watched, MessageBody: `turn-${turn}` }));
      const begun = await eventually(async () =>
        (await stage.cloud.control.calls()).find(({ operation }) =>
          operation.endsWith(`/queue-probe/turn-${turn}`),
        ),
      );
      times.push(Date.parse(begun.at) - sent);
    }
    return (times.sort((a, b) => a - b)[5] ?? 0) < 35;
  },

  async parameter_changes_are_events(stage) {
    const queue = await makeQueue(stage, 'parameters');
    const pattern = { source: ['aws.ssm'], detail: { name: ['/golden/text'] } };
    await stage.events.send(
      new PutRuleCommand({ Name: 'parameters', EventPattern: JSON.stringify(pattern) }),
    );
    const targets = [{ Id: 'queue', Arn: queueArn('parameters') }];
    await stage.events.send(new PutTargetsCommand({ Rule: 'parameters', Targets: targets }));
    const ssm = new SSMClient(stage.cloud.clientConfig());
    await ssm.send(new PutParameterCommand({ Name: '/golden/text', Value: 'x', Type: 'String' }));
    const created = JSON.parse((await receive(stage, queue, 2)) ?? '{}').detail?.operation;
    await ssm.send(new DeleteParameterCommand({ Name: '/golden/text' }));
    const deleted = JSON.parse((await receive(stage, queue, 2)) ?? '{}').detail?.operation;
    return created === 'Create' && deleted === 'Delete';
  },

  async public_parameters_are_seeded({ cloud }) {
    const name = '/aws/service/ami-amazon-linux-latest/probe';
    await cloud.control.imageServices('publish-base', {
      parameter: name,
      name: 'probe-2026',
      architecture: 'arm64',
      regions: [region],
      inventory: [],
    });
    const ssm = new SSMClient(cloud.clientConfig());
    const { Parameters } = await ssm.send(new GetParametersCommand({ Names: [name] }));
    return Parameters?.[0]?.ARN === `arn:aws:ssm:${region}::parameter${name}`;
  },

  async rules_reach_other_buses(stage) {
    const queue = await makeQueue(stage, 'forwarded');
    const { events, cloud } = stage;
    await events.send(new CreateEventBusCommand({ Name: 'hub' }));
    const permission = { EventBusName: 'hub', StatementId: 'member', Principal: '444455556666' };
    await events.send(new PutPermissionCommand({ ...permission, Action: 'events:PutEvents' }));
    const pattern = { Name: 'forwarded', EventPattern: JSON.stringify({ source: ['probe'] }) };
    await events.send(new PutRuleCommand({ ...pattern, EventBusName: 'hub' }));
    const toQueue = [{ Id: 'queue', Arn: queueArn('forwarded') }];
    await events.send(new PutTargetsCommand({ Rule: 'forwarded', EventBusName: 'hub', Targets: toQueue }));

    const member = new EventBridgeClient(cloud.clientConfig('444455556666', 'us-east-1'));
    await member.send(new PutRuleCommand(pattern));
    const hub = `arn:aws:events:${region}:${account}:event-bus/hub`;
    const toHub = [{ Id: 'hub', Arn: hub, RoleArn: 'arn:aws:iam::444455556666:role/forward' }];
    await member.send(new PutTargetsCommand({ Rule: 'forwarded', Targets: toHub }));
    await member.send(
      new PutEventsCommand({ Entries: [{ Source: 'probe', DetailType: 'x', Detail: '{}' }] }),
    );
    const event = JSON.parse((await receive(stage, queue, 2)) ?? '{}');
    return event.account === '444455556666' && event.region === 'us-east-1';
  },

  async buses_take_whole_policies({ events }) {
    await events.send(new CreateEventBusCommand({ Name: 'guarded' }));
    const statement = {
      Sid: 'own',
      Effect: 'Allow',
      Principal: '*',
      Action: 'events:PutEvents',
      Resource: '*',
    };
    const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await events.send(new PutPermissionCommand({ EventBusName: 'guarded', Policy: policy }));
    const { Policy } = await events.send(new DescribeEventBusCommand({ Name: 'guarded' }));
    return JSON.parse(Policy ?? '{}').Statement?.[0]?.Sid === 'own';
  },

  async stacks_have_trails(stage) {
    const properties = { TrailName: 'stacked', S3BucketName: 'logs', IsLogging: true };
    const reached = await stack(stage, 'trail', {
      Trail: { Type: 'AWS::CloudTrail::Trail', Properties: properties },
    });
    if (reached !== 'CREATE_COMPLETE') return false;
    const cloudtrail = new CloudTrailClient(stage.cloud.clientConfig());
    return (await cloudtrail.send(new GetTrailStatusCommand({ Name: 'stacked' }))).IsLogging === true;
  },

  async alarms_may_use_metric_math(stage) {
    const metric = { Namespace: 'AWS/SQS', MetricName: 'ApproximateAgeOfOldestMessage' };
    const properties = {
      Metrics: [
        { Id: 'age', MetricStat: { Metric: metric, Period: 60, Stat: 'Maximum' }, ReturnData: false },
        { Id: 'minutes', Expression: 'age / 60' },
      ],
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 1,
      Threshold: 5,
    };
    const resources = { Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: properties } };
    return (await stack(stage, 'alarm', resources)) === 'CREATE_COMPLETE';
  },

  async stacks_have_event_bus_policies(stage) {
    const statement = {
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::444455556666:root' },
      Action: 'events:PutEvents',
      Resource: '*',
    };
    const properties = { StatementId: 'member', Statement: statement };
    const resources = { Policy: { Type: 'AWS::Events::EventBusPolicy', Properties: properties } };
    return (await stack(stage, 'bus-policy', resources)) === 'CREATE_COMPLETE';
  },

  async instance_profiles_are_referred_to_by_name(stage) {
    const resources = {
      Profile: {
        Type: 'AWS::IAM::InstanceProfile',
        Properties: { InstanceProfileName: 'stacked', Roles: [] },
      },
      Name: {
        Type: 'AWS::SSM::Parameter',
        Properties: { Name: '/stacked', Type: 'String', Value: { Ref: 'Profile' } },
      },
    };
    await stack(stage, 'profile', resources);
    const ssm = new SSMClient(stage.cloud.clientConfig());
    const { Parameters } = await ssm.send(new GetParametersCommand({ Names: ['/stacked'] }));
    return Parameters?.[0]?.Value === 'stacked';
  },

  async security_groups_are_made_in_ec2(stage) {
    const properties = { GroupName: 'stacked', GroupDescription: 'Of a stack' };
    await stack(stage, 'group', { Group: { Type: 'AWS::EC2::SecurityGroup', Properties: properties } });
    const ec2 = new EC2Client(stage.cloud.clientConfig());
    const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
    return SecurityGroups.some(({ GroupName }) => GroupName === 'stacked');
  },

  async streams_are_read_apart({ cloud, lambda }) {
    const { dynamodb, stream } = await makeTable(cloud, 'streamed');
    await lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: 'stream',
        EventSourceArn: stream,
        StartingPosition: 'LATEST',
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      }),
    );
    const seen = (await cloud.control.calls()).length;
    await dynamodb.send(new PutItemCommand({ TableName: 'streamed', Item: { id: { S: 'poison' } } }));
    // The function reports the record as failed once, and tells of it when it is given it again.
    const again = eventually(async () => {
      const calls = await cloud.control.calls(seen);
      return calls.find(({ operation }) => operation.includes('/stream-probe/poison'));
    }, 5);
    return again.then(
      () => true,
      () => false,
    );
  },

  async streams_are_polled({ cloud, lambda }) {
    const { dynamodb, stream } = await makeTable(cloud, 'polled');
    await lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: 'stream',
        EventSourceArn: stream,
        StartingPosition: 'LATEST',
      }),
    );
    const begun: number[] = [];
    for (let turn = 0; turn < 8; turn += 1) {
      const seen = (await cloud.control.calls()).at(-1)?.seq ?? 0;
      await dynamodb.send(new PutItemCommand({ TableName: 'polled', Item: { id: { S: `turn-${turn}` } } }));
      const call = await eventually(async () =>
        (await cloud.control.calls(seen)).find(({ operation }) =>
          operation.endsWith(`/stream-probe/turn-${turn}`),
        ),
      );
      begun.push(Date.parse(call.at));
    }
    // Each row is written right after the one before was seen, so it waits for the next look.
    const gaps = begun.slice(1).map((at, index) => at - (begun[index] ?? 0));
    return (gaps.sort((a, b) => a - b)[3] ?? 0) > 200;
  },

  async transactions_are_quick({ cloud }) {
    const { dynamodb } = await makeTable(cloud, 'large');
    const ids = Array.from({ length: 25 }, (_, index) => ({ S: `row-${index}` }));
    const attribute: AttributeValue = { M: { of: { S: 'value' } } };
    const attributes = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`attribute${index}`, attribute]),
    );
    const rows = ids.map((id) => ({ PutRequest: { Item: { ...attributes, id } } }));
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { large: rows } }));
    const transactions: number[] = [];
    const counts: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const update = (id: AttributeValue) => ({
        TableName: 'large',
        Key: { id },
        UpdateExpression: 'SET turn = :turn',
        ExpressionAttributeValues: { ':turn': { N: `${turn}` } },
      });
      const TransactItems = ids.map((id) => ({ Update: update(id) }));
      transactions.push(
        await duration(() => dynamodb.send(new TransactWriteItemsCommand({ TransactItems }))),
      );
      counts.push(
        await duration(() => dynamodb.send(new ScanCommand({ TableName: 'large', Select: 'COUNT' }))),
      );
    }
    // Compared with a single pass over the same rows, so that a slow moment of the machine affects both.
    return Math.min(...transactions) < 10 * Math.min(...counts);
  },

  async policies_are_parsed_once(stage) {
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
      const QueueUrl = await makeQueue(stage, role);
      await makeRole(stage.cloud, role, [], { AWS: account });
      await allow(stage, role, send, ...others(count));
      const client = await senderAs(stage, role);
      const times: number[] = [];
      for (let turn = 0; turn < 8; turn += 1)
        times.push(
          await duration(() => client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }))),
        );
      least.push(Math.min(...times));
    }
    const [few = 0, many = 0] = least;
    return many < 5 * few;
  },

  async the_loopback_counts_as_tls(stage) {
    const QueueUrl = await makeQueue(stage, 'over-tls');
    await makeRole(stage.cloud, 'tls-sender', [], { AWS: account });
    const overTls = {
      Effect: 'Allow',
      Action: 'sqs:SendMessage',
      Resource: '*',
      Condition: { Bool: { 'aws:SecureTransport': 'true' } },
    };
    await allow(stage, 'tls-sender', overTls);
    const sender = await senderAs(stage, 'tls-sender');
    return sender.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' })).then(
      () => true,
      () => false,
    );
  },

  async subscriptions_belong_to_topics(stage) {
    const sns = new SNSClient(stage.cloud.clientConfig());
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'judged' }));
    await makeQueue(stage, 'subscribed');
    const subscription = { TopicArn, Protocol: 'sqs', Endpoint: queueArn('subscribed') };
    const { SubscriptionArn } = await sns.send(new SubscribeCommand(subscription));
    await makeRole(stage.cloud, 'reader', [], { AWS: account });
    const read = { Effect: 'Allow', Action: 'sns:GetSubscriptionAttributes', Resource: TopicArn };
    await allow(stage, 'reader', read);
    const credentials = await assumeStageRole(stage, 'reader');
    const reader = new SNSClient({ ...stage.cloud.clientConfig(), credentials });
    return reader.send(new GetSubscriptionAttributesCommand({ SubscriptionArn })).then(
      () => true,
      () => false,
    );
  },

  async batches_need_the_single_right(stage) {
    const QueueUrl = await makeQueue(stage, 'batches');
    await makeRole(stage.cloud, 'batch-sender', ['sqs:SendMessage'], { AWS: account });
    const sender = await senderAs(stage, 'batch-sender');
    const Entries = [{ Id: 'one', MessageBody: 'hello' }];
    const sent = await sender.send(new SendMessageBatchCommand({ QueueUrl, Entries })).catch(() => undefined);
    return sent?.Successful?.length === 1;
  },

  async keys_are_known_by_their_aliases(stage) {
    const kms = new KMSClient(stage.cloud.clientConfig());
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const KeyId = KeyMetadata?.KeyId ?? '';
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/known', TargetKeyId: KeyId }));
    await makeRole(stage.cloud, 'key-reader', [], { AWS: account });
    await allow(stage, 'key-reader', {
      Effect: 'Allow',
      Action: 'kms:DescribeKey',
      Resource: `arn:aws:kms:${region}:${account}:key/*`,
      Condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/known' } },
    });
    const credentials = await assumeStageRole(stage, 'key-reader');
    const reader = new KMSClient({ ...stage.cloud.clientConfig(), credentials });
    return reader.send(new DescribeKeyCommand({ KeyId: 'alias/known' })).then(
      () => true,
      () => false,
    );
  },

  async schedules_fire_on_time(stage) {
    const queue = await makeQueue(stage, 'scheduled');
    // Of three measurements in a row at least one is far from MiniStack's next poll.
    const due = [2, 5, 8].map((seconds) => Math.ceil(Date.now() / 1000 + seconds) * 1000);
    for (const at of due) await schedule(stage, at, queueArn('scheduled'));
    const late: number[] = [];
    while (late.length < due.length) {
      const body = await receive(stage, queue, 20);
      if (body === undefined) return false;
      late.push(Date.now() - Number(JSON.parse(body).due));
    }
    return Math.max(...late) < 3000;
  },
};

/** Root keys are not checked, so a credential scope is all of a signature that this needs. */
async function schedule({ cloud }: Stage, due: number, target: string): Promise<void> {
  const credential = `${account}/20260101/${region}/scheduler/aws4_request`;
  const answer = await fetch(`${cloud.endpoint}/schedules/due-${due}`, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=00`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      ScheduleExpression: `at(${new Date(due).toISOString().slice(0, 19)})`,
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: target,
        RoleArn: `arn:aws:iam::${account}:role/function`,
        Input: JSON.stringify({ due }),
      },
    }),
  });
  if (!answer.ok) throw new Error(`The schedule was refused: ${await answer.text()}`);
}
