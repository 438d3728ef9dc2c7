/** Keys of volumes: which of them EC2 uses, and in whose name it asks them. */
import {
  DescribeInstancesCommand,
  EnableEbsEncryptionByDefaultCommand,
  type Instance,
  ModifyEbsDefaultKmsKeyIdCommand,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { customerKey, type FakeCloud, HOME, HUB, startFakeCloud, TARGET } from './fake-cloud.ts';
import { catchCode, ownImage, readImage, snapshotIds } from './own-images.ts';

const KEY = `arn:aws:kms:${HOME}:${HUB}:key/12345678-1234-1234-1234-123456789012`;

let cloud: FakeCloud;
beforeEach(async () => {
  cloud = await startFakeCloud();
});
afterEach(() => cloud.stop());

const settled = (id: string | undefined, account = HUB): Promise<Instance> =>
  cloud.until(async () => {
    const { Reservations } = await cloud
      .ec2(account)
      .send(new DescribeInstancesCommand({ InstanceIds: [id ?? ''] }));
    const instance = Reservations?.[0]?.Instances?.[0];
    return ['running', 'terminated'].includes(instance?.State?.Name ?? '') && instance;
  });
const run = async (ImageId: string) => {
  const { Instances } = await cloud
    .ec2()
    .send(new RunInstancesCommand({ ImageId, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 }));
  return settled(Instances?.[0]?.InstanceId);
};
const launchAs = async (imageId: string, as: string, account = HUB) => {
  const answer = await cloud.control('launch-as', { account, region: HOME, imageId, as });
  return settled(z.object({ instanceId: z.string() }).parse(answer).instanceId, account);
};
const encryptByDefault = async (key?: string) => {
  await cloud.ec2().send(new EnableEbsEncryptionByDefaultCommand({}));
  if (key !== undefined) await cloud.ec2().send(new ModifyEbsDefaultKmsKeyIdCommand({ KmsKeyId: key }));
};

describe('encryption by default', () => {
  it.each(['CreateGrant', 'Decrypt', 'DescribeKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptTo'])(
    'with an own key ends the instances of who may not %s with it',
    async (operation) => {
      const image = await ownImage(cloud);
      cloud.keys.set(KEY, customerKey(KEY, [operation]));
      await encryptByDefault(KEY);

      expect(await run(image)).toMatchObject({
        State: { Name: 'terminated' },
        StateReason: { Code: 'Client.InternalError' },
      });
      cloud.keys.set(KEY, customerKey(KEY));
      expect((await run(image)).State?.Name).toBe('running');
    },
  );

  it('with the key of AWS lets everybody in the account start instances, and nobody else be given the image', async () => {
    await encryptByDefault();
    const image = await ownImage(cloud);

    expect((await run(image)).State?.Name).toBe('running');
    const shared = cloud
      .ec2()
      .send(
        new ModifyImageAttributeCommand({ ImageId: image, LaunchPermission: { Add: [{ UserId: TARGET }] } }),
      );
    expect(await catchCode(shared)).toBe('InvalidParameter');
  });
});

describe('an instance that somebody else starts', () => {
  it.each([
    ['auto-scaling', 'aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling'],
    ['spot', 'aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot'],
    ['fleet', 'aws-service-role/ec2fleet.amazonaws.com/AWSServiceRoleForEC2Fleet'],
  ])('has its key asked in the name of the role itself: %s', async (as, role) => {
    const image = await ownImage(cloud, { kmsKeyArn: KEY });
    cloud.keys.set(KEY, customerKey(KEY));

    await launchAs(image, as);

    expect(cloud.askedKeys).toContainEqual(
      expect.objectContaining({ key: KEY, principalArn: `arn:aws:iam::${HUB}:role/${role}` }),
    );
  });

  it('ends when the key lets its role do nothing', async () => {
    const image = await ownImage(cloud, { kmsKeyArn: KEY });
    cloud.keys.set(KEY, customerKey(KEY, ['Decrypt']));

    expect((await launchAs(image, 'auto-scaling')).StateReason?.Code).toBe('Client.InternalError');
  });

  it('may come from an image of another account, whose key is asked there', async () => {
    const image = await ownImage(cloud, { kmsKeyArn: KEY });
    cloud.keys.set(KEY, customerKey(KEY));
    await expect(launchAs(image, 'auto-scaling', TARGET)).rejects.toThrow(/does not exist/);
    const Add = [{ UserId: TARGET }];
    for (const SnapshotId of snapshotIds(await readImage(cloud, image)))
      await cloud
        .ec2()
        .send(new ModifySnapshotAttributeCommand({ SnapshotId, CreateVolumePermission: { Add } }));
    await cloud.ec2().send(new ModifyImageAttributeCommand({ ImageId: image, LaunchPermission: { Add } }));

    expect((await launchAs(image, `arn:aws:iam::${TARGET}:role/web`, TARGET)).State?.Name).toBe('running');
    expect(cloud.askedKeys.at(-1)).toMatchObject({ key: KEY, account: TARGET });
  });
});
