/** A local cloud with the packaged service in it, as a test suite needs one: started, deployed and warmed once, stopped at the end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { type Deployment, deployService, onboardTargets, readDeployment } from '../../local/deploy.ts';
import { Api } from '../../local/scenario/api.ts';
import { findLocalCloud, type LocalCloud, startLocalCloud } from '../../local-cloud/client.ts';

export const CONTROL = { account: '111122223333', region: 'eu-west-1' } as const;
export const REGIONS = ['eu-west-1', 'eu-central-1', 'us-east-1'] as const;
export const TARGETS = [
  { account: '444455556666', regions: [...REGIONS], forwardsEvents: true },
  { account: '777788889999', regions: [...REGIONS], forwardsEvents: true },
];
export const APPROVER = 'image-owners@example.com';
const EXTERNAL_ID = 'local-external-id';

export interface DeployedCloud {
  readonly cloud: LocalCloud;
  readonly deployment: Deployment;
  /** Signed as root of the control account. */
  readonly api: Api;
  /** Calls a function of the stack by its folder's name and waits for the answer; an error of the function is thrown. */
  invoke(name: string, payload?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** While one works on a test: the state file of a local cloud that is up with this stack in it, to be used instead of a new one and left up. */
const REUSED_CLOUD = process.env.OVENBIRD_TEST_CLOUD;

export async function deployCloud({ speed }: { speed: number }): Promise<DeployedCloud> {
  const reused = REUSED_CLOUD === undefined ? undefined : await findLocalCloud(REUSED_CLOUD);
  if (reused !== undefined) {
    await reused.control.setSpeed(speed);
    return toDeployedCloud(reused, await readDeployment(reused), async () => {});
  }
  const folder = mkdtempSync(join(tmpdir(), 'ovenbird-cloud-'));
  const cloud = await startLocalCloud({
    port: 0,
    stateFile: join(folder, 'state.json'),
    controlAccount: CONTROL.account,
    region: CONTROL.region,
    speed,
  });
  const end = async () => {
    await cloud.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const settings = {
      controlAccount: CONTROL.account,
      region: CONTROL.region,
      targetAccounts: TARGETS.map(({ account }) => account),
      firstApprover: APPROVER,
      externalId: EXTERNAL_ID,
    };
    const [deployment] = await Promise.all([
      deployService(cloud, settings),
      onboardTargets(cloud, { targets: TARGETS }, settings),
    ]);
    await cloud.control.warm(CONTROL.account, CONTROL.region);
    return toDeployedCloud(cloud, deployment, end);
  } catch (error) {
    await end();
    throw error;
  }
}

function toDeployedCloud(cloud: LocalCloud, deployment: Deployment, end: () => Promise<void>): DeployedCloud {
  const lambda = new LambdaClient(cloud.clientConfig());
  return {
    cloud,
    deployment,
    api: new Api(deployment.apiUrl, cloud.clientConfig()),
    invoke: (name, payload = {}) => invoke(lambda, deployment.functionName(name), payload),
    stop: async () => {
      lambda.destroy();
      await end();
    },
  };
}

async function invoke(lambda: LambdaClient, name: string, payload: unknown): Promise<unknown> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(payload)) }),
  );
  const text = Payload === undefined ? '' : Buffer.from(Payload).toString();
  if (FunctionError !== undefined) throw new Error(`${name} failed: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

/** Asks again and again until there is an answer; past the deadline it fails with what was waited for. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  { seconds = 60, everyMs = 250 }: { seconds?: number; everyMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s.`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
