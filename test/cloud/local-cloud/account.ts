import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { LocalCloud } from '../../../local-cloud/client.ts';
import { zip } from './zip.ts';

export const account = '111122223333';
export const region = 'eu-west-1';

/** Polls until the condition returns a value; fails after a time limit. */
export async function eventually<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  seconds = 20,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`This did not come about within ${seconds} seconds: ${ask}`);
    await pause(20);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A role that services may take on, allowed the given actions on everything. Answers its ARN. */
export async function makeRole(
  cloud: LocalCloud,
  name: string,
  actions: string[],
  trusted: object = everyService,
) {
  const iam = new IAMClient(cloud.clientConfig());
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: trusted, Action: 'sts:AssumeRole' }],
  };
  await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  if (actions.length > 0) {
    const allowed = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
    };
    const policy = { RoleName: name, PolicyName: 'allowed', PolicyDocument: JSON.stringify(allowed) };
    await iam.send(new PutRolePolicyCommand(policy));
  }
  return `arn:aws:iam::${account}:role/${name}`;
}

const everyService = {
  Service: [
    'lambda.amazonaws.com',
    'states.amazonaws.com',
    'scheduler.amazonaws.com',
    'events.amazonaws.com',
  ],
};

/** Client settings of a session of the role. */
export async function assumeRole(cloud: LocalCloud, roleArn: string) {
  const sts = new STSClient(cloud.clientConfig());
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'test' }),
  );
  return {
    ...cloud.clientConfig(),
    credentials: {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    },
  };
}

/** A function whose handler is the given JavaScript module. */
export async function makeFunction(
  cloud: LocalCloud,
  name: string,
  role: string,
  module: string,
): Promise<void> {
  const lambda = new LambdaClient(cloud.clientConfig());
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: role,
      Timeout: 10,
      Code: { ZipFile: zip('index.mjs', module) },
    }),
  );
}

/** A JSONata state machine of one first state and the states that follow it. */
export async function makeMachine(cloud: LocalCloud, name: string, definition: object): Promise<string> {
  const sfn = new SFNClient(cloud.clientConfig());
  const { stateMachineArn } = await sfn.send(
    new CreateStateMachineCommand({
      name,
      roleArn: `arn:aws:iam::${account}:role/function`,
      definition: JSON.stringify({ QueryLanguage: 'JSONata', ...definition }),
    }),
  );
  return stateMachineArn ?? '';
}

/** Runs a state machine to its end. */
export async function run(cloud: LocalCloud, stateMachineArn: string, input: object = {}) {
  const sfn = new SFNClient(cloud.clientConfig());
  const { executionArn } = await sfn.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  return eventually(async () => {
    const found = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    return found.status === 'RUNNING' ? undefined : found;
  });
}
