import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { deployService } from '../local/deploy.ts';
import { Api } from '../local/scenario/api.ts';
import { type LocalCloud, type RecordedCall, startLocalCloud } from '../local-cloud/client.ts';
import { API_VERSION } from '../shared/domain/definitions/definition.ts';
import { type Figure, median, rounded } from './figure.ts';
import { bareFunctionZip } from './trigger.parts.ts';

/**
 * How long it takes from a base image's event to the start of the bake's execution, against the shortest thing that one could build: a rule
 * whose Lambda starts a machine. Both see the same kind of event (Parameter Store Change) in the same local cloud, both are warm, and both
 * are timed by the gateway's record: from the arrival of PutParameter to the arrival of StartExecution. The figure has no limit: a debounce of
 * minutes is usual.
 */

const ROUNDS = 50;
const WARM_UP = 5;
const DEADLINE_MS = 20_000;
const RELEASE_DEADLINE_MS = 90_000;
/** Streams are read four times a second. */
const QUIET_MS = 400;
/** The gateway's own times are what counts, so nothing is polled while it works: each request would take time from what is timed. */
const LOOK_MS = 250;
const CONTROL = '111122223333';
const REGION = 'eu-west-1';
const PIPELINE = 'bench-trigger';
const PARAMETERS = { ours: '/bench/ours/base', bare: '/bench/bare/base' };

async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  while (Date.now() < deadline) {
    await sleep(LOOK_MS);
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} did not happen within ${deadlineMs / 1000} s.`);
}

/** The rule, the Lambda and the machine that ours is compared with. */
async function createBareService(cloud: LocalCloud): Promise<void> {
  const config = cloud.clientConfig();
  const [iam, lambda, workflows, events] = [
    new IAMClient(config),
    new LambdaClient(config),
    new SFNClient(config),
    new EventBridgeClient(config),
  ];
  const trust = (service: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
    });
  const machineRole = await iam.send(
    new CreateRoleCommand({
      RoleName: 'bench-machine',
      AssumeRolePolicyDocument: trust('states.amazonaws.com'),
    }),
  );
  const machine = await workflows.send(
    new CreateStateMachineCommand({
      name: 'bench-bare',
      roleArn: machineRole.Role?.Arn,
      definition: JSON.stringify({
        QueryLanguage: 'JSONata',
        StartAt: 'Done',
        States: { Done: { Type: 'Succeed' } },
      }),
    }),
  );
  const role = await iam.send(
    new CreateRoleCommand({
      RoleName: 'bench-bare',
      AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
    }),
  );
  const policy = await iam.send(
    new CreatePolicyCommand({
      PolicyName: 'bench-bare',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'states:StartExecution', Resource: machine.stateMachineArn }],
      }),
    }),
  );
  await iam.send(new AttachRolePolicyCommand({ RoleName: 'bench-bare', PolicyArn: policy.Policy?.Arn }));
  const created = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'bench-bare',
      Runtime: 'nodejs24.x',
      Role: role.Role?.Arn,
      Handler: 'index.handler',
      MemorySize: 512,
      Timeout: 30,
      Code: { ZipFile: await bareFunctionZip() },
      Environment: { Variables: { MACHINE_ARN: machine.stateMachineArn ?? '' } },
    }),
  );
  await waitUntilFunctionActiveV2(
    { client: lambda, maxWaitTime: 30, minDelay: 0.1, maxDelay: 1 },
    { FunctionName: 'bench-bare' },
  );
  const rule = await events.send(
    new PutRuleCommand({
      Name: 'bench-bare',
      EventPattern: JSON.stringify({
        source: ['aws.ssm'],
        'detail-type': ['Parameter Store Change'],
        detail: { name: [PARAMETERS.bare] },
      }),
    }),
  );
  await lambda.send(
    new AddPermissionCommand({
      FunctionName: 'bench-bare',
      StatementId: 'rule',
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn: rule.RuleArn,
    }),
  );
  await events.send(
    new PutTargetsCommand({ Rule: 'bench-bare', Targets: [{ Id: 'lambda', Arn: created.FunctionArn }] }),
  );
  for (const client of [iam, lambda, workflows, events]) client.destroy();
}

function isStart(call: RecordedCall, machine: string): boolean {
  return (
    call.operation === 'StartExecution' && call.actions.some(({ resource }) => resource.includes(machine))
  );
}

/** The gateway's record, read on from where it was read last: all of it at once would be work for the gateway just before it is timed. */
class CallLog {
  readonly #cloud: LocalCloud;
  #last = 0;
  constructor(cloud: LocalCloud) {
    this.#cloud = cloud;
  }

  /** Calls since the last time. */
  async readNew(): Promise<RecordedCall[]> {
    const calls = await this.#cloud.control.calls(this.#last);
    this.#last = calls.at(-1)?.seq ?? this.#last;
    return calls;
  }
}

/** Milliseconds from the arrival of the write to the arrival of the start. */
async function timeStart(
  log: CallLog,
  ssm: SSMClient,
  parameter: string,
  value: string,
  machine: string,
): Promise<number> {
  await log.readNew();
  const calls: RecordedCall[] = [];
  await ssm.send(new PutParameterCommand({ Name: parameter, Value: value, Type: 'String', Overwrite: true }));
  return waitFor(`a start of ${machine}`, async () => {
    calls.push(...(await log.readNew()));
    const put = calls.find((call) => call.operation === 'PutParameter');
    const start = calls.find((call) => isStart(call, machine));
    return put === undefined || start === undefined ? undefined : start.ticks - put.ticks;
  });
}

function definition(): Record<string, unknown> {
  return {
    apiVersion: API_VERSION,
    name: PIPELINE,
    base: { ssm: PARAMETERS.ours },
    tests: { suites: [{ name: 'boots', script: 'true' }] },
    approval: { required: false },
    triggers: { debounce: '0s' },
  };
}

/**
 * Lets the bake that a round began be released, so that the next round finds what it finds in life: a pipeline that has what it wants. After a
 * bake that was cancelled, reconciling has more to read.
 */
async function waitForRelease(api: Api): Promise<void> {
  await waitFor(
    'the release',
    async () => {
      const pipelines = await api.pipelines();
      return pipelines.every(({ activeBake, pending: dirty }) => activeBake === undefined && !dirty)
        ? true
        : undefined;
    },
    RELEASE_DEADLINE_MS,
  );
}

/** What an end leads to (its events, mails, hints) goes on for a moment, and would take the processors from the next round. */
async function waitForQuiet(log: CallLog): Promise<void> {
  let last = (await log.readNew()).at(-1);
  await waitFor('rest', async () => {
    last = (await log.readNew()).at(-1) ?? last;
    return last === undefined || Date.now() - Date.parse(last.at) > QUIET_MS ? true : undefined;
  });
}

export async function* bench(): AsyncIterable<Figure> {
  const cloud = await startLocalCloud({
    stateFile: join(import.meta.dirname, '../.cache/bench-trigger.json'),
    controlAccount: CONTROL,
    region: REGION,
    speed: 2000,
  });
  const ssm = new SSMClient(cloud.clientConfig());
  try {
    const deployment = await deployService(cloud, {
      controlAccount: CONTROL,
      region: REGION,
      targetAccounts: ['444455556666'],
      firstApprover: 'nobody@example.com',
      externalId: 'bench-external-id',
    });
    await createBareService(cloud);
    const api = new Api(deployment.apiUrl, cloud.clientConfig());
    const images: string[] = [];
    for (let index = 0; index <= ROUNDS + WARM_UP; index += 1) {
      const name = `bench-${index}`;
      const answer = await cloud.control.imageServices('publish-base', {
        parameter: `/aws/service/bench/${index}`,
        name,
        architecture: 'x86_64',
        regions: [REGION],
        inventory: [],
      });
      images.push(parseImageId(answer));
    }
    await cloud.control.imageServices('declare-command', {
      match: { suite: 'boots' },
      status: 'Success',
      stdout: 'booted',
      stderr: '',
      exitCode: 0,
    });
    const image = (index: number) => images[index] ?? '';
    await ssm.send(
      new PutParameterCommand({ Name: PARAMETERS.ours, Value: image(ROUNDS + WARM_UP), Type: 'String' }),
    );
    await api.apply(definition());
    await waitFor('the first bake', async () => ((await api.bakes()).length > 0 ? true : undefined));
    await waitForRelease(api);

    const log = new CallLog(cloud);
    const sides = {
      bare: (value: string) => timeStart(log, ssm, PARAMETERS.bare, value, 'bench-bare'),
      ours: async (value: string) => {
        const ms = await timeStart(log, ssm, PARAMETERS.ours, value, 'ovenbird-local-bake');
        await waitForRelease(api);
        return ms;
      },
    };
    const taken: Record<keyof typeof sides, number[]> = { bare: [], ours: [] };
    for (let round = 0; round < ROUNDS + WARM_UP; round += 1) {
      // Both start from rest, and take turns in being first: right after the other, processes are warmer than an event meets them.
      const order = round % 2 === 0 ? (['bare', 'ours'] as const) : (['ours', 'bare'] as const);
      for (const side of order) {
        const ms = await sides[side](image(round));
        await waitForQuiet(log);
        if (round >= WARM_UP) taken[side].push(ms);
      }
    }
    const [value, against] = [median(taken.ours), median(taken.bare)];
    yield {
      bench: 'trigger',
      metric: 'event-to-bake',
      value: rounded(value),
      unit: 'ms',
      against: rounded(against),
      ratio: rounded(value / against),
    };
  } finally {
    ssm.destroy();
    await cloud.stop();
  }
}

/** The id of the image in our region, in the answer of `publish-base`. */
function parseImageId(answer: unknown): string {
  const id = /ami-[0-9a-f]{8,17}/.exec(JSON.stringify(answer))?.[0];
  if (id === undefined)
    throw new Error(`publish-base answered without an image id: ${JSON.stringify(answer)}`);
  return id;
}
