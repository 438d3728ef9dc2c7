/** The end of a release across accounts: marked, kept by a person, marked again, held by an instance, removed. Two days pass by its row. */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as z from 'zod';
import { isDenied } from '../../local/scenario/report.ts';
import { CleanUpSchema } from '../../shared/domain/api/clean-up.ts';
import type { Artifact } from '../../shared/domain/artifacts/artifacts.ts';
import { keys } from '../../shared/domain/base/naming.ts';
import type { ReleaseRecord } from '../../shared/domain/records/releases.ts';
import { CONTROL, type DeployedCloud, deployCloud } from '../support/deployed-cloud.ts';
import { FaultHarness, prepareSharedInputs, SANDBOX, uniqueName, WORKLOADS } from './faults/harness.ts';

let deployed: DeployedCloud;
let oven: FaultHarness;

beforeAll(async () => {
  deployed = await deployCloud({ speed: 600 });
  oven = new FaultHarness(deployed);
  await prepareSharedInputs(oven);
});
afterAll(() => deployed?.stop());

const DoneSchema = z.looseObject({ marked: z.number(), undone: z.number(), removed: z.number() });

async function cleanUp(): Promise<z.output<typeof DoneSchema>> {
  return DoneSchema.parse(await deployed.invoke('clean-up-releases'));
}

function openEc2({ account, region }: Pick<Artifact, 'account' | 'region'>): EC2Client {
  return new EC2Client(deployed.cloud.clientConfig(account, region));
}

async function readImage(artifact: Artifact) {
  const ec2 = openEc2(artifact);
  const found = await ec2.send(new DescribeImagesCommand({ Owners: ['self'], IncludeDeprecated: true }));
  return found.Images?.find(({ ImageId }) => ImageId === artifact.imageId);
}

async function listReleases(pipeline: string): Promise<ReleaseRecord[]> {
  const { releases } = await oven.observe();
  return releases.filter((one) => one.pipeline === pipeline).sort((a, b) => a.id.localeCompare(b.id));
}

/** The two days since the mark have passed. */
async function passTwoDays({ pipeline, channel, id }: ReleaseRecord): Promise<void> {
  const table = DynamoDBDocumentClient.from(new DynamoDBClient(deployed.cloud.clientConfig()));
  await table.send(
    new UpdateCommand({
      TableName: deployed.deployment.outputs.TableName,
      Key: keys.release(pipeline, channel, id),
      UpdateExpression: 'SET removeAt = :now',
      ConditionExpression: 'attribute_exists(removeAt)',
      ExpressionAttributeValues: { ':now': new Date().toISOString() },
    }),
  );
}

it('ends a release that nothing uses, in every account, and no sooner', async () => {
  const name = uniqueName('kept-one');
  await oven.applyWithOwnBase(name, {
    lifecycle: { retention: { keep: 1, days: 0 } },
    distribution: {
      targets: [
        { account: WORKLOADS, regions: ['eu-central-1'] },
        { account: SANDBOX, regions: [CONTROL.region], mode: 'share' },
      ],
    },
  });
  await oven.waitForState(name, 'released');
  await oven.publishBase(name);
  await oven.waitForState(name, 'released', { number: 2 });
  const [old, current] = await listReleases(name);
  if (old === undefined || current === undefined) throw new Error('There are no two releases.');
  const [copy, shared] = old.targets
    .map(({ artifact }) => artifact)
    .sort((a, b) => Number(a.account === CONTROL.account) - Number(b.account === CONTROL.account));
  if (copy === undefined || shared === undefined) throw new Error('The release has no two images.');
  const path = `/teams/default/pipelines/${name}`;
  const keep = (kept: boolean) => deployed.api.request('POST', `${path}/releases/${old.id}/keep`, { kept });
  const preview = async () =>
    CleanUpSchema.parse(await deployed.api.request('GET', `${path}/clean-up`)).items;

  expect(await preview()).toMatchObject([{ release: old.id, goes: true, images: 2 }]);
  expect(await cleanUp()).toMatchObject({ marked: 1, removed: 0 });
  const [marked] = await listReleases(name);
  expect(marked).toMatchObject({ cleanUp: 'announced' });
  expect((await readImage(copy))?.DeprecationTime).toBe(marked?.removeAt);
  expect((await readImage(shared))?.DeprecationTime).toBe(marked?.removeAt);

  await keep(true);
  expect(await cleanUp()).toMatchObject({ marked: 0, removed: 0 });
  expect((await readImage(copy))?.DeprecationTime).toBeUndefined();
  expect(await listReleases(name)).toMatchObject([{ keptBy: expect.any(String) }, {}]);

  await keep(false);
  expect(await cleanUp()).toMatchObject({ marked: 1 });
  const launch = { account: WORKLOADS, region: copy.region, imageId: copy.imageId, as: 'auto-scaling' };
  const { instanceId } = z
    .object({ instanceId: z.string() })
    .parse(await oven.control.imageServices('launch-as', launch));
  await passTwoDays(old);
  expect(await preview()).toMatchObject([
    { goes: false, why: [expect.stringContaining(`instance ${instanceId}`)] },
  ]);
  expect(await cleanUp()).toMatchObject({ undone: 1, removed: 0 });

  await openEc2(copy).send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
  expect(await cleanUp()).toMatchObject({ marked: 1 });
  await passTwoDays(old);
  expect(await cleanUp()).toMatchObject({ removed: 1 });

  for (const artifact of [copy, shared]) {
    expect(await readImage(artifact)).toBeUndefined();
    const { Snapshots = [] } = await openEc2(artifact).send(
      new DescribeSnapshotsCommand({ OwnerIds: ['self'] }),
    );
    const left = Snapshots.filter(({ SnapshotId = '' }) => artifact.snapshotIds.includes(SnapshotId));
    expect(left).toEqual([]);
  }
  for (const { artifact } of current.targets)
    expect(await readImage(artifact)).toMatchObject({ State: 'available' });
  expect(await listReleases(name)).toMatchObject([{ cleanUp: 'removed' }, { id: current.id }]);
  expect((await oven.calls()).filter(isDenied)).toEqual([]);
}, 120_000);
