import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DeleteLaunchTemplateCommand,
  DeleteLaunchTemplateVersionsCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  ModifyLaunchTemplateCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FakeCloud, HOME, startFakeCloud } from './fake-cloud.ts';
import { catchCode } from './own-images.ts';

const NAME = { LaunchTemplateName: 'web' };

describe('launch templates of the local EC2', () => {
  let cloud: FakeCloud;
  beforeEach(async () => {
    cloud = await startFakeCloud();
    await cloud.ec2().send(
      new CreateLaunchTemplateCommand({
        ...NAME,
        LaunchTemplateData: {
          ImageId: 'ami-00000000000000001',
          InstanceType: 't3.small',
          BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: 'snap-1', VolumeSize: 9 } }],
        },
      }),
    );
  });
  afterEach(() => cloud.stop());

  const addVersion = (ImageId: string, more: object = {}) =>
    cloud
      .ec2()
      .send(new CreateLaunchTemplateVersionCommand({ ...NAME, LaunchTemplateData: { ImageId }, ...more }));
  const versions = async (more: object) => {
    const request = new DescribeLaunchTemplateVersionsCommand({ ...NAME, ...more });
    return (await cloud.ec2().send(request)).LaunchTemplateVersions ?? [];
  };

  it('number their versions, keep the default until it is moved, and take the rest from a source version', async () => {
    const answer = await addVersion('ami-00000000000000002', { SourceVersion: '$Latest' });
    expect(answer.LaunchTemplateVersion).toMatchObject({
      VersionNumber: 2,
      DefaultVersion: false,
      LaunchTemplateData: {
        ImageId: 'ami-00000000000000002',
        InstanceType: 't3.small',
        // Snapshots of the source's mappings are not taken over.
        BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 9 } }],
      },
    });
    expect((await versions({ Versions: ['$Default'] }))[0]?.VersionNumber).toBe(1);
    await cloud.ec2().send(new ModifyLaunchTemplateCommand({ ...NAME, DefaultVersion: '2' }));
    expect((await versions({ Versions: ['$Default', '$Latest'] })).map((one) => one.VersionNumber)).toEqual([
      2,
    ]);
    const { LaunchTemplates = [] } = await cloud
      .ec2()
      .send(new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: ['web'] }));
    expect(LaunchTemplates[0]).toMatchObject({ DefaultVersionNumber: 2, LatestVersionNumber: 2 });
  });

  it('make one version per client token', async () => {
    const first = await addVersion('ami-00000000000000002', { ClientToken: 'one' });
    const again = await addVersion('ami-00000000000000002', { ClientToken: 'one' });
    expect(again.LaunchTemplateVersion?.VersionNumber).toBe(first.LaunchTemplateVersion?.VersionNumber);
    expect(await versions({})).toHaveLength(2);
  });

  it('resolve an alias on demand', async () => {
    cloud.parameters.set(`${HOME}/golden/web`, 'ami-00000000000000003');
    await addVersion('resolve:ssm:/golden/web');
    const image = async (ResolveAlias: boolean) =>
      (await versions({ Versions: ['2'], ResolveAlias }))[0]?.LaunchTemplateData?.ImageId;
    expect(await image(false)).toBe('resolve:ssm:/golden/web');
    expect(await image(true)).toBe('ami-00000000000000003');
  });

  it('delete versions one by one, but not the default', async () => {
    await addVersion('ami-00000000000000002');
    const answer = await cloud
      .ec2()
      .send(new DeleteLaunchTemplateVersionsCommand({ ...NAME, Versions: ['1', '2', '3'] }));
    expect(answer.SuccessfullyDeletedLaunchTemplateVersions?.map((one) => one.VersionNumber)).toEqual([2]);
    expect(answer.UnsuccessfullyDeletedLaunchTemplateVersions?.map((one) => one.ResponseError?.Code)).toEqual(
      ['unexpectedError', 'launchTemplateVersionDoesNotExist'],
    );
    // A number is never used again.
    expect((await addVersion('ami-00000000000000004')).LaunchTemplateVersion?.VersionNumber).toBe(3);
  });

  it('are told apart by name, and gone when deleted', async () => {
    const again = new CreateLaunchTemplateCommand({ ...NAME, LaunchTemplateData: { KeyName: 'x' } });
    expect(await catchCode(cloud.ec2().send(again))).toBe('InvalidLaunchTemplateName.AlreadyExistsException');
    await cloud.ec2().send(new DeleteLaunchTemplateCommand(NAME));
    expect(await catchCode(versions({}))).toBe('InvalidLaunchTemplateName.NotFoundException');
  });
});
