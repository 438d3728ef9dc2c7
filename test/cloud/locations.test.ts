import {
  CopyImageCommand,
  CreateLaunchTemplateCommand,
  DescribeImagesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll } from '@jest/globals';
import { onboardTargets, STAGE } from '../../local/deploy.ts';
import { type LocalCloud, startLocalCloud } from '../../local-cloud/client.ts';
import { createControlLocations } from '../../shared/adapters/locations/control.ts';
import { createLocations } from '../../shared/adapters/locations/locations.ts';
import type { Ami } from '../../shared/domain/artifacts/ami.ts';
import { DEFAULT_TARGET_KEY, TAGS } from '../../shared/domain/base/naming.ts';
import { locationsContract } from '../contracts/locations.ts';
import { makeRole } from './local-cloud/account.ts';

const CONTROL = { account: '111122223333', region: 'eu-west-1' };
const TARGET = { account: '444455556666', region: 'eu-central-1' };
const INSTALLATION = `ovenbird-${STAGE}`;
const EXTERNAL_ID = 'a-random-text-of-our-own';
const BASE = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';

let cloud: LocalCloud;
let source: Ami;
let sts: STSClient;

beforeAll(async () => {
  cloud = await startLocalCloud({ stateFile: `.cache/locations-${process.pid}.json`, speed: 2000 });
  await cloud.control.imageServices('delay-effects', { parameter: 400 });
  await onboardTargets(
    cloud,
    {
      targets: [{ account: TARGET.account, regions: [CONTROL.region, TARGET.region], forwardsEvents: true }],
    },
    { controlAccount: CONTROL.account, region: CONTROL.region, externalId: EXTERNAL_ID },
  );
  source = await makeSource();
  sts = await openAsServiceRole();
  const ec2 = new EC2Client(cloud.clientConfig(TARGET.account, TARGET.region));
  await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'web',
      LaunchTemplateData: { ImageId: 'ami-0f3c9a1b2d4e5f678', InstanceType: 't3.small' },
      TagSpecifications: [{ ResourceType: 'launch-template', Tags: [{ Key: TAGS.managed, Value: 'true' }] }],
    }),
  );
});

afterAll(() => cloud.stop());

/** Targets trust the roles of the service alone, which its stack names. */
async function openAsServiceRole(): Promise<STSClient> {
  const RoleArn = await makeRole(cloud, `${INSTALLATION}-contract`, ['sts:AssumeRole'], {
    AWS: CONTROL.account,
  });
  const { Credentials: given } = await new STSClient(cloud.clientConfig()).send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'contract' }),
  );
  const credentials = {
    accessKeyId: given?.AccessKeyId ?? '',
    secretAccessKey: given?.SecretAccessKey ?? '',
    sessionToken: given?.SessionToken ?? '',
  };
  return new STSClient({ ...cloud.clientConfig(), credentials });
}

/** An image of two volumes that the control account owns. */
async function makeSource(): Promise<Ami> {
  await cloud.control.imageServices('publish-base', {
    parameter: BASE,
    name: 'al2023-for-the-contract',
    regions: [CONTROL.region],
    volumes: [
      { deviceName: '/dev/xvda', sizeGiB: 8 },
      { deviceName: '/dev/xvdb', sizeGiB: 20 },
    ],
  });
  const ec2 = new EC2Client(cloud.clientConfig());
  const named = { Filters: [{ Name: 'name', Values: ['al2023-for-the-contract'] }] };
  const base = (await ec2.send(new DescribeImagesCommand(named))).Images?.[0]?.ImageId;
  const { ImageId = '' } = await ec2.send(
    new CopyImageCommand({ Name: 'source', SourceImageId: base, SourceRegion: CONTROL.region }),
  );
  await waitForCopies(CONTROL);
  const image = (await ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId] }))).Images?.[0];
  const snapshotIds = (image?.BlockDeviceMappings ?? []).map((mapping) => mapping.Ebs?.SnapshotId ?? '');
  return { kind: 'ami', ...CONTROL, imageId: ImageId, snapshotIds };
}

async function waitForCopies(place: { account: string; region: string }): Promise<void> {
  const ec2 = new EC2Client(cloud.clientConfig(place.account, place.region));
  const pending = { Owners: ['self'], Filters: [{ Name: 'state', Values: ['pending'] }] };
  const deadline = Date.now() + 20_000;
  while ((await ec2.send(new DescribeImagesCommand(pending))).Images?.length !== 0) {
    if (Date.now() > deadline) throw new Error('The copies never end.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

locationsContract('EC2, SSM, KMS and STS', async () => ({
  locations: createLocations({
    control: createControlLocations(
      { account: CONTROL.account, installation: INSTALLATION },
      cloud.clientConfig(CONTROL.account),
    ),
    account: CONTROL.account,
    installation: INSTALLATION,
    roleName: `${INSTALLATION}-target`,
    externalId: EXTERNAL_ID,
    sts,
    clientDefaults: { endpoint: cloud.endpoint },
  }),
  source,
  target: TARGET,
  closedAccount: '777788889999',
  key: DEFAULT_TARGET_KEY,
  launchTemplate: 'web',
  finishCopies: () => waitForCopies(TARGET),
}));
