import {
  CopyImageCommand,
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DeleteTagsCommand,
  DeregisterImageCommand,
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  DescribeTagsCommand,
  DisableImageCommand,
  EnableImageCommand,
  EnableImageDeprecationCommand,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
  RegisterImageCommand,
  ResetImageAttributeCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ABROAD, type FakeCloud, HOME, HUB, STRANGER, startFakeCloud, TARGET } from './fake-cloud.ts';
import { catchCode, ownImage, readImage, snapshotIds, waitForState } from './own-images.ts';

const publishBase = (cloud: FakeCloud) =>
  cloud.control('publish-base', {
    parameter: '/aws/service/ami-amazon-linux-latest/al2023',
    name: 'al2023-ami-2023.6',
    regions: [HOME, ABROAD],
    inventory: [{ name: 'bash', version: '5.2', type: 'rpm' }],
  });

describe('images of the local EC2', () => {
  let cloud: FakeCloud;
  beforeEach(async () => {
    cloud = await startFakeCloud();
  });
  afterEach(() => cloud.stop());

  const share = (ImageId: string, ...accounts: string[]) =>
    cloud.ec2().send(
      new ModifyImageAttributeCommand({
        ImageId,
        LaunchPermission: { Add: accounts.map((UserId) => ({ UserId })) },
      }),
    );
  it('lists the mappings of an image in changing order; its root device has a name', async () => {
    await cloud.control('publish-base', {
      parameter: '/aws/service/data-first',
      name: 'data-first',
      regions: [HOME],
      rootDeviceName: '/dev/xvda',
      volumes: [
        { deviceName: '/dev/sdb', sizeGiB: 100 },
        { deviceName: '/dev/xvda', sizeGiB: 8 },
      ],
    });
    const read = async () => {
      const { Images = [] } = await cloud.ec2().send(new DescribeImagesCommand({ Owners: ['amazon'] }));
      expect(Images[0]?.RootDeviceName).toBe('/dev/xvda');
      return Images[0]?.BlockDeviceMappings?.map(({ DeviceName }) => DeviceName);
    };

    const [first, second] = [await read(), await read()];
    expect(first?.toReversed()).toEqual(second);
  });

  const names = async (input: object, account = HUB) => {
    const { Images = [] } = await cloud.ec2(account).send(new DescribeImagesCommand(input));
    return Images.map(({ Name }) => Name).sort();
  };

  it('a published base is public in every region, owned by Amazon, and named by its parameter', async () => {
    await publishBase(cloud);
    const { Images = [] } = await cloud.ec2(STRANGER).send(new DescribeImagesCommand({ Owners: ['amazon'] }));
    expect(Images).toMatchObject([{ Name: 'al2023-ami-2023.6', Public: true, State: 'available' }]);
    expect(cloud.parameters.get(`${HOME}/aws/service/ami-amazon-linux-latest/al2023`)).toBe(
      Images[0]?.ImageId,
    );
    // Images of other accounts cause no event (docs/aws/events.md#ec2-ami-state-change).
    expect(cloud.events).toEqual([]);
  });

  it('shows own, public and shared images, and nothing else', async () => {
    await publishBase(cloud);
    await ownImage(cloud, { name: 'private' });
    await share(await ownImage(cloud, { name: 'shared' }), TARGET);
    expect(await names({})).toEqual(['al2023-ami-2023.6', 'private', 'shared']);
    expect(await names({}, TARGET)).toEqual(['al2023-ami-2023.6', 'shared']);
    expect(await names({}, STRANGER)).toEqual(['al2023-ami-2023.6']);
    expect(await names({ Owners: [HUB] }, TARGET)).toEqual(['shared']);
    expect(await names({ ExecutableUsers: ['self'] }, TARGET)).toEqual(['shared']);
    expect(await names({ ExecutableUsers: ['all'] }, TARGET)).toEqual(['al2023-ami-2023.6']);
  });

  it('filters by name with wildcards, state, architecture and tags, and refuses unknown filters', async () => {
    await ownImage(cloud, { name: 'web-1', tags: { team: 'web' } });
    await ownImage(cloud, { name: 'web-2', architecture: 'arm64' });
    await ownImage(cloud, { name: 'shop-1' });
    const by = (...Filters: { Name: string; Values: string[] }[]) => names({ Filters });
    expect(await by({ Name: 'name', Values: ['web-?'] })).toEqual(['web-1', 'web-2']);
    expect(await by({ Name: 'name', Values: ['*-1'] }, { Name: 'tag:team', Values: ['w*'] })).toEqual([
      'web-1',
    ]);
    expect(await by({ Name: 'tag-key', Values: ['team'] })).toEqual(['web-1']);
    expect(await by({ Name: 'architecture', Values: ['arm64'] })).toEqual(['web-2']);
    expect(await by({ Name: 'name', Values: ['web-1', 'shop-1'] })).toEqual(['shop-1', 'web-1']);
    expect(await by({ Name: 'state', Values: ['pending'] })).toEqual([]);
    expect(await catchCode(by({ Name: 'colour', Values: ['red'] }))).toBe('InvalidParameterValue');
  });

  it('gives pages that hold every image once', async () => {
    for (let index = 0; index < 12; index += 1) await ownImage(cloud, { name: `image-${index}` });
    const seen: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await cloud
        .ec2()
        .send(
          new DescribeImagesCommand({ MaxResults: 5, ...(NextToken === undefined ? {} : { NextToken }) }),
        );
      seen.push(...(page.Images ?? []).map(({ Name }) => Name));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(new Set(seen).size).toBe(12);
    expect(seen).toHaveLength(12);
  });

  it('lets only the owner change an image, and shares with accounts, organisations and units by ARN', async () => {
    const ImageId = await ownImage(cloud);
    await share(ImageId, TARGET);
    const abroad = cloud
      .ec2(TARGET)
      .send(new ModifyImageAttributeCommand({ ImageId, Description: { Value: 'mine' } }));
    expect(await catchCode(abroad)).toBe('AuthFailure');
    const OrganizationArn = `arn:aws:organizations::${HUB}:organization/o-abcdefghij`;
    await cloud.ec2().send(
      new ModifyImageAttributeCommand({
        ImageId,
        OperationType: 'add',
        OrganizationArns: [OrganizationArn],
      }),
    );
    const bare = new ModifyImageAttributeCommand({
      ImageId,
      LaunchPermission: { Add: [{ OrganizationArn: 'o-abcdefghij' }] },
    });
    expect(await catchCode(cloud.ec2().send(bare))).toBe('InvalidParameterValue');
    const read = () =>
      cloud.ec2().send(new DescribeImageAttributeCommand({ ImageId, Attribute: 'launchPermission' }));
    expect((await read()).LaunchPermissions).toEqual([{ UserId: TARGET }, { OrganizationArn }]);
    await cloud.ec2().send(new ResetImageAttributeCommand({ ImageId, Attribute: 'launchPermission' }));
    expect((await read()).LaunchPermissions).toEqual([]);
  });

  it('does not share what is encrypted with the key of AWS', async () => {
    const source = await ownImage(cloud);
    const { ImageId = '' } = await cloud.ec2().send(
      new CopyImageCommand({
        Name: 'encrypted',
        SourceImageId: source,
        SourceRegion: HOME,
        Encrypted: true,
      }),
    );
    const image = await waitForState(cloud, ImageId, 'available');
    expect(await catchCode(share(ImageId, TARGET))).toBe('InvalidParameter');
    const [SnapshotId = ''] = snapshotIds(image);
    const attribute = new ModifySnapshotAttributeCommand({
      SnapshotId,
      CreateVolumePermission: { Add: [{ UserId: TARGET }] },
    });
    expect(await catchCode(cloud.ec2().send(attribute))).toBe('InvalidParameter');
  });

  it('tells the other account about a shared snapshot', async () => {
    const [SnapshotId = ''] = snapshotIds(await readImage(cloud, await ownImage(cloud)));
    await cloud
      .ec2()
      .send(new ModifySnapshotAttributeCommand({ SnapshotId, OperationType: 'add', UserIds: [TARGET] }));
    expect(cloud.events.at(-1)).toMatchObject({
      account: TARGET,
      detail: { event: 'shareSnapshot', source: HUB },
    });
    const { Snapshots } = await cloud
      .ec2(TARGET)
      .send(new DescribeSnapshotsCommand({ RestorableByUserIds: ['self'] }));
    expect(Snapshots).toHaveLength(1);
    const { CreateVolumePermissions } = await cloud
      .ec2()
      .send(new DescribeSnapshotAttributeCommand({ SnapshotId, Attribute: 'createVolumePermission' }));
    expect(CreateVolumePermissions).toEqual([{ UserId: TARGET }]);
  });

  it('keeps tags from other accounts, except shared ones', async () => {
    const id = await ownImage(cloud, { tags: { secret: 'x', 'ec2:SharedTag/level': 'gold' } });
    await share(id, TARGET);
    expect((await readImage(cloud, id, TARGET))?.Tags).toEqual([
      { Key: 'ec2:SharedTag/level', Value: 'gold' },
    ]);
  });

  it('hides a deprecated image from listings of others, but not from its id', async () => {
    const id = await ownImage(cloud, { name: 'old' });
    await share(id, TARGET);
    const past = new EnableImageDeprecationCommand({ ImageId: id, DeprecateAt: new Date('2020-01-01') });
    expect(await catchCode(cloud.ec2().send(past))).toBe('InvalidParameterValue');
    await cloud.control('deprecate-image', { region: HOME, imageId: id });
    expect(await names({}, TARGET)).toEqual([]);
    expect(await names({ IncludeDeprecated: true }, TARGET)).toEqual(['old']);
    expect(await names({ ImageIds: [id] }, TARGET)).toEqual(['old']);
    expect(await names({})).toEqual(['old']);
  });

  it('hides a disabled image from all other accounts, and does not give its permissions back', async () => {
    const id = await ownImage(cloud);
    await share(id, TARGET);
    await cloud.ec2().send(new DisableImageCommand({ ImageId: id }));
    expect(await catchCode(readImage(cloud, id, TARGET))).toBe('InvalidAMIID.NotFound');
    expect(await names({ Owners: ['self'] })).toEqual([]);
    expect((await readImage(cloud, id))?.State).toBe('disabled');
    const [SnapshotId = ''] = snapshotIds(await readImage(cloud, id));
    expect(await catchCode(cloud.ec2().send(new DeleteSnapshotCommand({ SnapshotId })))).toBe(
      'InvalidSnapshot.InUse',
    );
    await cloud.ec2().send(new EnableImageCommand({ ImageId: id }));
    expect(await catchCode(readImage(cloud, id, TARGET))).toBe('InvalidAMIID.NotFound');
    expect(cloud.events.slice(-2).map(({ detail }) => detail.State)).toEqual(['disabled', 'available']);
  });

  it('deregisters at once, deletes snapshots on demand and skips those that another image holds', async () => {
    const id = await ownImage(cloud, { volumes: 2 });
    const [retained = '', gone = ''] = snapshotIds(await readImage(cloud, id));
    const { ImageId: other = '' } = await cloud.ec2().send(
      new RegisterImageCommand({
        Name: 'holds a snapshot',
        RootDeviceName: '/dev/xvda',
        Architecture: 'x86_64',
        VirtualizationType: 'hvm',
        BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: retained } }],
      }),
    );
    await waitForState(cloud, other, 'available');
    const answer = await cloud
      .ec2()
      .send(new DeregisterImageCommand({ ImageId: id, DeleteAssociatedSnapshots: true }));
    expect(answer.DeleteSnapshotResults).toEqual([
      { SnapshotId: retained, ReturnCode: 'skipped' },
      { SnapshotId: gone, ReturnCode: 'success' },
    ]);
    expect(await catchCode(readImage(cloud, id))).toBe('InvalidAMIID.NotFound');
    const describe = new DescribeSnapshotsCommand({ SnapshotIds: [gone] });
    expect(await catchCode(cloud.ec2().send(describe))).toBe('InvalidSnapshot.NotFound');
  });

  it('makes IMDSv2 a property of an image for good', async () => {
    const ImageId = await ownImage(cloud);
    await cloud.ec2().send(new ModifyImageAttributeCommand({ ImageId, ImdsSupport: { Value: 'v2.0' } }));
    expect((await readImage(cloud, ImageId))?.ImdsSupport).toBe('v2.0');
  });

  it('tags several resources at once or none, and lists tags by filter', async () => {
    const id = await ownImage(cloud);
    const [snapshot = ''] = snapshotIds(await readImage(cloud, id));
    const tag = (Resources: string[]) =>
      cloud.ec2().send(new CreateTagsCommand({ Resources, Tags: [{ Key: 'team', Value: 'web' }] }));
    expect(await catchCode(tag([id, 'snap-00000000000000000']))).toBe('InvalidSnapshot.NotFound');
    expect((await readImage(cloud, id))?.Tags).toBeUndefined();
    await tag([id, snapshot]);
    const list = async () => {
      const { Tags = [] } = await cloud
        .ec2()
        .send(new DescribeTagsCommand({ Filters: [{ Name: 'key', Values: ['team'] }] }));
      return Tags.map(({ ResourceType }) => ResourceType).sort();
    };
    expect(await list()).toEqual(['image', 'snapshot']);
    await cloud.ec2().send(new DeleteTagsCommand({ Resources: [id], Tags: [{ Key: 'team' }] }));
    expect(await list()).toEqual(['snapshot']);
    const reserved = new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'aws:x', Value: '' }] });
    expect(await catchCode(cloud.ec2().send(reserved))).toBe('InvalidParameterValue');
  });

  it('asks about each account that a snapshot is shared with', async () => {
    const [SnapshotId = ''] = snapshotIds(await readImage(cloud, await ownImage(cloud)));
    cloud.asked.length = 0;
    const CreateVolumePermission = { Add: [{ UserId: TARGET }, { UserId: STRANGER }] };
    await cloud.ec2().send(new ModifySnapshotAttributeCommand({ SnapshotId, CreateVolumePermission }));
    expect(cloud.asked.map(({ context }) => context['ec2:Add/userId'])).toEqual([TARGET, STRANGER]);
  });

  it('names condition keys of the tags that an image has', async () => {
    const id = await ownImage(cloud, { tags: { managed: 'yes' } });
    cloud.asked.length = 0;
    await share(id, TARGET);
    expect(cloud.asked).toEqual([
      expect.objectContaining({
        action: 'ec2:ModifyImageAttribute',
        resource: `arn:aws:ec2:${HOME}::image/${id}`,
        context: expect.objectContaining({ 'aws:ResourceTag/managed': 'yes', 'ec2:Owner': HUB }),
      }),
    ]);
  });
});

describe('the request limits of the local EC2', () => {
  it('refuse what exceeds a token bucket, per account', async () => {
    const cloud = await startFakeCloud({ speed: 0.001 });
    try {
      const tag = (account: string) =>
        cloud.ec2(account).send(new DeleteTagsCommand({ Resources: ['ami-00000000000000000'] }));
      for (let index = 0; index < 50; index += 1)
        expect(await catchCode(tag(HUB))).toBe('InvalidAMIID.NotFound');
      expect(await catchCode(tag(HUB))).toBe('RequestLimitExceeded');
      expect(await catchCode(tag(TARGET))).toBe('InvalidAMIID.NotFound');
    } finally {
      await cloud.stop();
    }
  });
});
