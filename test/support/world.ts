/** One deployed cloud in which several short scenarios are played one after another. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Deployment, deployService, onboardTargets, readDeployment } from '../../local/deploy.ts';
import { Api } from '../../local/scenario/api.ts';
import { ApproverMailbox } from '../../local/scenario/approver-mailbox.ts';
import { findLocalCloud, type LocalCloud, startLocalCloud } from '../../local-cloud/client.ts';
import type { StackLocation } from './permissions/roles.ts';

const CONTROL = { account: '111122223333', region: 'eu-west-1' };
const SHARED_REGION = 'eu-central-1';
const TARGET = {
  account: '444455556666',
  regions: [CONTROL.region, SHARED_REGION],
  forwardsEvents: true,
  launchTemplates: ['short-fleet'],
};
const APPROVER = 'image-owners@example.com';
const SPEED = 900;

export interface World {
  readonly cloud: LocalCloud;
  readonly deployment: Deployment;
  readonly api: Api;
  readonly mailbox: ApproverMailbox;
  /** Stacks that have roles. */
  readonly stacks: readonly StackLocation[];
  /** How often something was played, which makes the names of each run its own. */
  runs: number;
  stop(): Promise<void>;
}

/** While one works on a test: the state file of a cloud with this stack in it, which is used and left up. */
const REUSED_CLOUD = process.env.OVENBIRD_PLAY_CLOUD;

export async function openWorld(): Promise<World> {
  const kept = REUSED_CLOUD === undefined ? undefined : await findLocalCloud(REUSED_CLOUD);
  if (kept !== undefined) return createWorld(kept, await readDeployment(kept), async () => {});
  const folder = mkdtempSync(join(tmpdir(), 'ovenbird-play-'));
  const cloud = await startLocalCloud({
    port: 0,
    stateFile: REUSED_CLOUD ?? join(folder, 'state.json'),
    controlAccount: CONTROL.account,
    region: CONTROL.region,
    speed: SPEED,
  });
  const stop = async () => {
    await cloud.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const settings = {
      controlAccount: CONTROL.account,
      region: CONTROL.region,
      targetAccounts: [TARGET.account],
      firstApprover: APPROVER,
      externalId: 'local-external-id',
    };
    const [deployment] = await Promise.all([
      deployService(cloud, settings),
      onboardTargets(cloud, { targets: [TARGET], sharedRegions: [SHARED_REGION] }, settings),
    ]);
    await cloud.control.warm(CONTROL.account, CONTROL.region);
    return await createWorld(cloud, deployment, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createWorld(
  cloud: LocalCloud,
  deployment: Deployment,
  stop: () => Promise<void>,
): Promise<World> {
  const mailbox = await ApproverMailbox.open(cloud, deployment.topics.approval, APPROVER);
  return {
    cloud,
    deployment,
    api: new Api(deployment.apiUrl, cloud.clientConfig()),
    mailbox,
    stacks: [
      { stackName: 'ovenbird-local', ...CONTROL },
      { stackName: 'ovenbird-target', account: TARGET.account, region: CONTROL.region },
      { stackName: 'ovenbird-shared-images', account: CONTROL.account, region: SHARED_REGION },
    ],
    // As many digits for every run, so that no name begins with another; a reused cloud has names from before.
    runs: REUSED_CLOUD === undefined ? 100 : 10_000 + (Math.floor(Date.now() / 1000) % 80_000),
    stop,
  };
}
