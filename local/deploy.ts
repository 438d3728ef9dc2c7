import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { CreateLaunchTemplateCommand, DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2';
import type { LocalCloud } from '../local-cloud/client.ts';
import { INSTANCE_ROLE_PATH } from './scenario/instance-profiles.ts';
import type { Scenario } from './scenario/schema.ts';
import { SOURCES } from './scenario/sources.ts';

/** Deploys the service to a local cloud with the Serverless CLI, and the templates for target accounts. */

const repository = resolve(import.meta.dirname, '..');
export const STAGE = 'local';

export class DeployFailed extends Error {
  override readonly name = 'DeployFailed';
}

export interface Deployment {
  readonly apiUrl: string;
  readonly topics: { readonly notification: string; readonly approval: string };
  readonly outputs: Readonly<Record<string, string>>;
  readonly functionName: (name: string) => string;
}

interface DeploySettings {
  readonly controlAccount: string;
  readonly region: string;
  readonly targetAccounts: readonly string[];
  readonly firstApprover: string;
  readonly externalId: string;
}

export function readSettings(scenario: Scenario): DeploySettings {
  return {
    controlAccount: scenario.control.account,
    region: scenario.control.region,
    targetAccounts: scenario.targets.map(({ account }) => account),
    firstApprover: scenario.approvers[0] ?? 'approver@example.com',
    externalId: 'local-external-id',
  };
}

let previousRun: Promise<unknown> = Promise.resolve();

/** Runs the Serverless CLI after the run before it has ended: it packages into one folder, .serverless, which it empties first. */
function serverless(...run: Parameters<typeof runServerless>): Promise<void> {
  const next = previousRun.then(() => runServerless(...run));
  previousRun = next.catch(() => undefined);
  return next;
}

/** Runs the Serverless CLI with everything it prints in a log file; the error names the last lines. */
async function runServerless(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  log: string,
): Promise<void> {
  mkdirSync(join(repository, '.cache'), { recursive: true });
  const output = createWriteStream(log);
  const child = spawn(join(repository, 'node_modules/.bin/serverless'), args, {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PATH: [join(repository, 'node_modules/.bin'), process.env.PATH].join(delimiter),
      NODE_NO_WARNINGS: '1',
      CI: 'true',
      ...env,
    },
  });
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  const [code] = await once(child, 'close');
  output.end();
  if (code !== 0) {
    await once(output, 'close');
    const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-25).join('\n');
    throw new DeployFailed(`serverless ${args[0]} ended with ${code}; the end of ${log}:\n${tail}`);
  }
}

/** The subnets that EC2 gives every new account, one in each zone. */
async function readDefaultSubnets(cloud: LocalCloud): Promise<{ vpc: string; subnets: string[] }> {
  const ec2 = new EC2Client(cloud.clientConfig());
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  ec2.destroy();
  const [first] = Subnets;
  if (first?.SubnetId === undefined || first.VpcId === undefined)
    throw new DeployFailed('The control account has no subnet to build in.');
  return { vpc: first.VpcId, subnets: Subnets.flatMap(({ SubnetId }) => SubnetId ?? []) };
}

/** `stage`: of a second installation in the same account. */
export async function deployService(
  cloud: LocalCloud,
  settings: DeploySettings,
  stage = STAGE,
): Promise<Deployment> {
  const { vpc, subnets } = await readDefaultSubnets(cloud);
  const parameters: Record<string, string> = {
    ControlAccount: settings.controlAccount,
    FirstApprover: settings.firstApprover,
    BuildVpcId: vpc,
    BuildSubnetIds: subnets.join(','),
    TargetAccounts: settings.targetAccounts.join(','),
    TargetExternalId: settings.externalId,
    InstanceRoles: `arn:aws:iam::${settings.controlAccount}:role${INSTANCE_ROLE_PATH}*`,
    SourceObjects: `arn:aws:s3:::${SOURCES}/*`,
    MakeTrail: 'true',
    // The emulator serves HTTP APIs under this path.
    ApiBaseUrl: `${cloud.endpoint}/_aws/execute-api/{api}/$default`,
  };
  await serverless(
    [
      'deploy',
      '--stage',
      stage,
      '--region',
      settings.region,
      ...Object.entries(parameters).map(([name, value]) => `--param=${name}=${value}`),
    ],
    {
      AWS_ENDPOINT_URL: cloud.endpoint,
      AWS_ACCESS_KEY_ID: settings.controlAccount,
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_REGION: settings.region,
      // The default of five seconds would be most of the time that a deployment takes here.
      SLS_AWS_MONITORING_FREQUENCY: '250',
    },
    join(repository, '.cache', `deploy-${stage}-${process.pid}.log`),
  );
  return readDeployment(cloud, stage);
}

/** Outputs of the stack, by name. */
export async function readDeployment(cloud: LocalCloud, stage = STAGE): Promise<Deployment> {
  const cloudFormation = new CloudFormationClient(cloud.clientConfig());
  const { Stacks = [] } = await cloudFormation.send(
    new DescribeStacksCommand({ StackName: `ovenbird-${stage}` }),
  );
  cloudFormation.destroy();
  const outputs = Object.fromEntries(
    (Stacks[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
  const need = (name: string) => {
    const value = outputs[name];
    if (value === undefined)
      throw new DeployFailed(`The stack has no output ${name}; it has ${Object.keys(outputs).join(', ')}.`);
    return value;
  };
  return {
    apiUrl: need('ApiUrl'),
    topics: { notification: need('NotificationTopicArn'), approval: need('ApprovalTopicArn') },
    outputs,
    functionName: (name) => `ovenbird-${stage}-${name}`,
  };
}

async function createStack(
  client: CloudFormationClient,
  stackName: string,
  template: string,
  parameters: Readonly<Record<string, string>>,
): Promise<void> {
  await client.send(
    new CreateStackCommand({
      StackName: stackName,
      TemplateBody: readFileSync(join(repository, 'resources', template), 'utf8'),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
    }),
  );
  await waitUntilStackCreateComplete(
    { client, maxWaitTime: 60, minDelay: 0.2, maxDelay: 1 },
    { StackName: stackName },
  );
}

/** Deploys build-key.yml for all targets, unless it is there already. Answers the ARN of the key. */
export async function deployBuildKey(
  cloud: LocalCloud,
  {
    control,
    targets,
  }: Pick<Scenario, 'control'> & { readonly targets: readonly { readonly account: string }[] },
): Promise<string> {
  const client = new CloudFormationClient(cloud.clientConfig(control.account, control.region));
  const stack = { StackName: 'ovenbird-build-key' };
  try {
    const standing = await client.send(new DescribeStacksCommand(stack)).catch(() => undefined);
    if (standing?.Stacks?.[0] === undefined)
      await createStack(client, stack.StackName, 'build-key.yml', {
        TargetAccounts: targets.map(({ account }) => account).join(','),
      });
    const { Stacks = [] } = await client.send(new DescribeStacksCommand(stack));
    return Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'KeyArn')?.OutputValue ?? '';
  } finally {
    client.destroy();
  }
}

/** Creates a launch template with the tag that allows Ovenbird to change it. */
async function createLaunchTemplate(
  cloud: LocalCloud,
  account: string,
  region: string,
  name: string,
): Promise<void> {
  const ec2 = new EC2Client(cloud.clientConfig(account, region));
  await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: name,
      LaunchTemplateData: { InstanceType: 't3.small' },
      TagSpecifications: [
        { ResourceType: 'launch-template', Tags: [{ Key: 'ovenbird:managed', Value: 'true' }] },
      ],
    }),
  );
  ec2.destroy();
}

interface Accounts {
  readonly targets: readonly {
    readonly account: string;
    readonly regions: readonly string[];
    readonly forwardsEvents: boolean;
    readonly launchTemplates?: readonly string[];
  }[];
  readonly sharedRegions?: readonly string[];
}

/** Deploys target-account.yml to each target, as its owner does once, and shared-images-region.yml to the regions of the mode `share`. */
export async function onboardTargets(
  cloud: LocalCloud,
  { targets, sharedRegions = [] }: Accounts,
  settings: Pick<DeploySettings, 'controlAccount' | 'region' | 'externalId'>,
  stage = STAGE,
): Promise<void> {
  const installation = `ovenbird-${stage}`;
  const suffix = stage === STAGE ? '' : `-${stage}`;
  const onboarded = targets.flatMap(({ account, regions, forwardsEvents, launchTemplates = [] }) =>
    regions.map(async (region) => {
      const client = new CloudFormationClient(cloud.clientConfig(account, region));
      await createStack(client, `ovenbird-target${suffix}`, 'target-account.yml', {
        Installation: installation,
        ControlAccount: settings.controlAccount,
        ControlRegion: settings.region,
        ExternalId: settings.externalId,
        RoleRegion: regions[0] ?? settings.region,
        ForwardEvents: forwardsEvents ? 'true' : 'false',
      });
      client.destroy();
      for (const name of launchTemplates) await createLaunchTemplate(cloud, account, region, name);
    }),
  );
  const shared = sharedRegions.map(async (region) => {
    const client = new CloudFormationClient(cloud.clientConfig(settings.controlAccount, region));
    await createStack(client, `ovenbird-shared-images${suffix}`, 'shared-images-region.yml', {
      Installation: installation,
      ControlRegion: settings.region,
      TargetAccounts: targets.map(({ account }) => account).join(','),
    });
    client.destroy();
  });
  await Promise.all([...onboarded, ...shared]);
}
