import {
  CopyImageCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  ModifyImageAttributeCommand,
  ModifyLaunchTemplateCommand,
  ModifySnapshotAttributeCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ABROAD, type FakeCloud, HOME, startFakeCloud, TARGET } from './fake-cloud.ts';
import { ownImage, readImage, snapshotIds } from './own-images.ts';

let cloud: FakeCloud;
beforeEach(async () => {
  cloud = await startFakeCloud();
});
afterEach(async () => {
  await cloud.stop();
});

const NEVER = 1e9;
const delay = (write: string, seconds: number) => cloud.control('delay-effects', { [write]: seconds });

describe('an effect that comes after its answer', () => {
  it('is a permission to copy: first the image is unknown, then its storage may not be read, as where they were never given', async () => {
    const imageId = await ownImage(cloud);
    const [snapshotId = ''] = snapshotIds(await readImage(cloud, imageId));
    const copy = () =>
      cloud
        .ec2(TARGET, ABROAD)
        .send(new CopyImageCommand({ Name: 'copy', SourceImageId: imageId, SourceRegion: HOME }));
    const users = [{ UserId: TARGET }];
    await delay('share', NEVER);
    await cloud
      .ec2()
      .send(new ModifyImageAttributeCommand({ ImageId: imageId, LaunchPermission: { Add: users } }));
    await expect(copy()).rejects.toMatchObject({ name: 'InvalidAMIID.NotFound' });

    await delay('share', 0);
    await cloud
      .ec2()
      .send(new ModifyImageAttributeCommand({ ImageId: imageId, LaunchPermission: { Remove: users } }));
    await cloud
      .ec2()
      .send(new ModifyImageAttributeCommand({ ImageId: imageId, LaunchPermission: { Add: users } }));
    await delay('share', NEVER);
    await cloud.ec2().send(
      new ModifySnapshotAttributeCommand({
        SnapshotId: snapshotId,
        Attribute: 'createVolumePermission',
        CreateVolumePermission: { Add: users },
      }),
    );

    await expect(copy()).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringContaining('permission to access the storage'),
    });
  });

  it('is a copy: neither described nor tagged until then', async () => {
    const imageId = await ownImage(cloud);
    await delay('copy', NEVER);
    const { ImageId: copy = '' } = await cloud
      .ec2()
      .send(new CopyImageCommand({ Name: 'copy', SourceImageId: imageId, SourceRegion: HOME }));

    const tags = [{ Key: 'a', Value: 'b' }];
    await expect(cloud.ec2().send(new DescribeImagesCommand({ ImageIds: [copy] }))).rejects.toMatchObject({
      name: 'InvalidAMIID.NotFound',
    });
    await expect(
      cloud.ec2().send(new CreateTagsCommand({ Resources: [copy], Tags: tags })),
    ).rejects.toMatchObject({ name: 'InvalidAMIID.NotFound' });
  });

  it('is an instance, which is seen when its time has come', async () => {
    const imageId = await ownImage(cloud);
    const { Subnets } = await cloud.ec2().send(new DescribeSubnetsCommand({}));
    await delay('launch', 100);
    const { Instances } = await cloud.ec2().send(
      new RunInstancesCommand({
        ImageId: imageId,
        InstanceType: 't3.micro',
        MinCount: 1,
        MaxCount: 1,
        ...(Subnets?.[0]?.SubnetId === undefined ? {} : { SubnetId: Subnets[0].SubnetId }),
      }),
    );
    const ids = [Instances?.[0]?.InstanceId ?? ''];
    const describing = () => cloud.ec2().send(new DescribeInstancesCommand({ InstanceIds: ids }));

    await expect(describing()).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' });
    const seen = await cloud.until(() => describing().catch(() => undefined));
    expect(seen.Reservations).toHaveLength(1);
  });

  it('is a version of a launch template, which cannot be the default until then', async () => {
    const name = { LaunchTemplateName: 'web' };
    await cloud
      .ec2()
      .send(new CreateLaunchTemplateCommand({ ...name, LaunchTemplateData: { InstanceType: 't3.micro' } }));
    await delay('templateVersion', NEVER);
    await cloud
      .ec2()
      .send(
        new CreateLaunchTemplateVersionCommand({ ...name, LaunchTemplateData: { InstanceType: 't3.small' } }),
      );

    await expect(
      cloud.ec2().send(new ModifyLaunchTemplateCommand({ ...name, DefaultVersion: '2' })),
    ).rejects.toMatchObject({ name: 'InvalidLaunchTemplateId.VersionNotFound' });
  });
});
