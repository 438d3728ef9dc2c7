import {
  CopyImageCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  EnableImageDeprecationCommand,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ABROAD, customerKey, type FakeCloud, HOME, HUB, startFakeCloud, TARGET } from './fake-cloud.ts';
import { catchCode, ownImage, readImage, snapshotIds, waitForState } from './own-images.ts';

const KEY = `arn:aws:kms:${ABROAD}:${HUB}:key/12345678-1234-1234-1234-123456789012`;

describe('CopyImage', () => {
  let cloud: FakeCloud;
  beforeEach(async () => {
    cloud = await startFakeCloud();
  });
  afterEach(() => cloud.stop());

  const copy = (source: string, more: object = {}, account = HUB) =>
    cloud.ec2(account, ABROAD).send(
      new CopyImageCommand({
        Name: `copy of ${source}`,
        SourceImageId: source,
        SourceRegion: HOME,
        ...more,
      }),
    );

  it('answers at once with a pending image in the region it was called in, which becomes available', async () => {
    const source = await ownImage(cloud, { volumes: 2 });
    const { ImageId = '' } = await copy(source);
    expect((await readImage(cloud, ImageId, HUB, ABROAD))?.State).toBe('pending');
    const image = await waitForState(cloud, ImageId, 'available', HUB, ABROAD);
    expect(image).toMatchObject({ SourceImageId: source, SourceImageRegion: HOME, OwnerId: HUB });
    const { Snapshots = [] } = await cloud
      .ec2(HUB, ABROAD)
      .send(new DescribeSnapshotsCommand({ SnapshotIds: snapshotIds(image) }));
    expect(Snapshots.map(({ OwnerId, State }) => [OwnerId, State])).toEqual([
      [HUB, 'completed'],
      [HUB, 'completed'],
    ]);
    expect(cloud.services.ec2.imageById(ImageId, ABROAD)?.inventory).toHaveLength(1);
  });

  it('says so by an AMI event and an event per snapshot in the destination, in the documented shapes', async () => {
    const source = await ownImage(cloud);
    const { ImageId = '' } = await copy(source);
    const image = await waitForState(cloud, ImageId, 'available', HUB, ABROAD);
    const [snapshot] = snapshotIds(image);
    expect(cloud.events.filter(({ region }) => region === ABROAD)).toEqual([
      expect.objectContaining({
        detailType: 'EBS Snapshot Notification',
        resources: [`arn:aws:ec2::${ABROAD}:snapshot/${snapshot}`],
        detail: expect.objectContaining({ event: 'copySnapshot', result: 'succeeded', cause: '' }),
      }),
      {
        account: HUB,
        region: ABROAD,
        source: 'aws.ec2',
        detailType: 'EC2 AMI State Change',
        resources: [`arn:aws:ec2:${ABROAD}::image/${ImageId}`],
        detail: { RequestId: 'request-1', ImageId, State: 'available', ErrorMessage: '' },
      },
    ]);
  });

  it('gives tags to image and snapshots, copies user tags on demand, and neither permissions nor deprecation', async () => {
    const source = await ownImage(cloud, { tags: { team: 'web', stage: 'dev' } });
    const home = cloud.ec2();
    await home.send(
      new ModifyImageAttributeCommand({ ImageId: source, LaunchPermission: { Add: [{ UserId: TARGET }] } }),
    );
    await home.send(
      new EnableImageDeprecationCommand({ ImageId: source, DeprecateAt: new Date(Date.now() + 86_400_000) }),
    );
    const Tags = [{ Key: 'stage', Value: 'prod' }];
    const { ImageId = '' } = await copy(source, {
      CopyImageTags: true,
      TagSpecifications: [
        { ResourceType: 'image', Tags },
        { ResourceType: 'snapshot', Tags },
      ],
    });
    const image = await waitForState(cloud, ImageId, 'available', HUB, ABROAD);
    expect(image.Tags).toEqual([
      { Key: 'team', Value: 'web' },
      { Key: 'stage', Value: 'prod' },
    ]);
    expect(image.DeprecationTime).toBeUndefined();
    const { Snapshots = [] } = await cloud
      .ec2(HUB, ABROAD)
      .send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
    expect(Snapshots[0]?.Tags).toEqual(Tags);
    expect(await catchCode(readImage(cloud, ImageId, TARGET, ABROAD))).toBe('InvalidAMIID.NotFound');
  });

  it('with the same client token gives the same image, and refuses other parameters', async () => {
    const source = await ownImage(cloud);
    const first = await copy(source, { ClientToken: 'once' });
    const again = await copy(source, { ClientToken: 'once' });
    expect(again.ImageId).toBe(first.ImageId);
    expect(await catchCode(copy(source, { ClientToken: 'once', Description: 'other' }))).toBe(
      'IdempotentParameterMismatch',
    );
    expect(await catchCode(copy(source, { ClientToken: 'twice' }))).toBe('InvalidAMIName.Duplicate');
  });

  it('accepts a key that cannot be used, and fails later', async () => {
    cloud.keys.set(KEY, customerKey(KEY, ['CreateGrant']));
    const source = await ownImage(cloud);
    const { ImageId = '' } = await copy(source, { Encrypted: true, KmsKeyId: KEY });
    const image = await waitForState(cloud, ImageId, 'failed', HUB, ABROAD);
    expect(image.StateReason?.Message).toContain('CreateGrant');
    expect(cloud.events.at(-1)?.detail).toMatchObject({ ImageId, State: 'failed' });
    expect(cloud.events.at(-1)?.detail.ErrorMessage).not.toBe('');
  });

  it('encrypts with the key that is named, and needs Encrypted for it', async () => {
    cloud.keys.set(KEY, customerKey(KEY));
    const source = await ownImage(cloud);
    expect(await catchCode(copy(source, { KmsKeyId: KEY }))).toBe('InvalidParameterDependency');
    const { ImageId = '' } = await copy(source, { Encrypted: true, KmsKeyId: KEY });
    const image = await waitForState(cloud, ImageId, 'available', HUB, ABROAD);
    const { Snapshots = [] } = await cloud
      .ec2(HUB, ABROAD)
      .send(new DescribeSnapshotsCommand({ SnapshotIds: snapshotIds(image) }));
    expect(Snapshots[0]).toMatchObject({ Encrypted: true, KmsKeyId: KEY });
  });

  it('of a shared image needs its snapshots shared as well', async () => {
    const source = await ownImage(cloud);
    expect(await catchCode(copy(source, {}, TARGET))).toBe('InvalidAMIID.NotFound');
    const home = cloud.ec2();
    await home.send(
      new ModifyImageAttributeCommand({ ImageId: source, LaunchPermission: { Add: [{ UserId: TARGET }] } }),
    );
    expect(await catchCode(copy(source, {}, TARGET))).toBe('InvalidRequest');
    for (const SnapshotId of snapshotIds(await readImage(cloud, source))) {
      await home.send(
        new ModifySnapshotAttributeCommand({
          SnapshotId,
          CreateVolumePermission: { Add: [{ UserId: TARGET }] },
        }),
      );
    }
    const { ImageId = '' } = await copy(source, {}, TARGET);
    expect(await waitForState(cloud, ImageId, 'available', TARGET, ABROAD)).toMatchObject({
      OwnerId: TARGET,
    });
  });

  it('of a shared image that is encrypted needs the source key too', async () => {
    const sourceKey = `arn:aws:kms:${HOME}:${HUB}:key/aaaaaaaa-1234-1234-1234-123456789012`;
    cloud.keys.set(sourceKey, customerKey(sourceKey, ['ReEncryptFrom']));
    const source = await ownImage(cloud, { kmsKeyArn: sourceKey });
    const { ImageId = '' } = await copy(source);
    const image = await waitForState(cloud, ImageId, 'failed', HUB, ABROAD);
    expect(image.StateReason?.Message).toContain('ReEncryptFrom');
  });

  it('holds one of twenty slots per snapshot until it ends', async () => {
    await cloud.stop();
    cloud = await startFakeCloud({ speed: 2000, timings: { copy: 2000 } });
    const source = await ownImage(cloud, { volumes: 7 });
    const started = await Promise.all([copy(source, { Name: 'one' }), copy(source, { Name: 'two' })]);
    expect(await catchCode(copy(source, { Name: 'three' }))).toBe('ResourceLimitExceeded');
    expect(await catchCode(copy(source, { Name: 'elsewhere' }, TARGET))).toBe('InvalidAMIID.NotFound');
    await Promise.all(
      started.map(({ ImageId = '' }) => waitForState(cloud, ImageId, 'available', HUB, ABROAD)),
    );
    expect(await catchCode(copy(source, { Name: 'three' }))).toBe('none');
  });

  it('fails as often as a scenario declared', async () => {
    await cloud.control('fail-copy', { account: HUB, region: ABROAD, times: 1, reason: 'the moon is full' });
    const source = await ownImage(cloud);
    const { ImageId = '' } = await copy(source);
    const image = await waitForState(cloud, ImageId, 'failed', HUB, ABROAD);
    expect(image.StateReason?.Message).toBe('the moon is full');
    await cloud.ec2(HUB, ABROAD).send(new DeregisterImageCommand({ ImageId }));
    const second = await copy(source, { Name: 'again' });
    await waitForState(cloud, second.ImageId ?? '', 'available', HUB, ABROAD);
  });

  it('takes its name from a small set of characters, once', async () => {
    const source = await ownImage(cloud);
    expect(await catchCode(copy(source, { Name: 'x' }))).toBe('InvalidAMIName.Malformed');
    expect(await catchCode(copy(source, { Name: 'a*b*c' }))).toBe('InvalidAMIName.Malformed');
    await copy(source, { Name: 'taken' });
    expect(await catchCode(copy(source, { Name: 'taken' }))).toBe('InvalidAMIName.Duplicate');
  });

  it('asks for the rights to source, target, snapshots and the tags at creation', async () => {
    const source = await ownImage(cloud);
    cloud.asked.length = 0;
    await copy(source, {
      TagSpecifications: [{ ResourceType: 'image', Tags: [{ Key: 'team', Value: 'web' }] }],
    });
    expect(cloud.asked.map(({ action, resource }) => `${action} ${resource}`)).toEqual([
      `ec2:CopyImage arn:aws:ec2:${HOME}::image/${source}`,
      `ec2:CopyImage arn:aws:ec2:${ABROAD}::image/*`,
      `ec2:CopyImage arn:aws:ec2:${ABROAD}::snapshot/*`,
      `ec2:CreateTags arn:aws:ec2:${ABROAD}::image/*`,
    ]);
    expect(cloud.asked.at(-1)?.context).toMatchObject({
      'ec2:CreateAction': 'CopyImage',
      'aws:RequestTag/team': 'web',
    });
    cloud.denied.add('ec2:CreateTags');
    const tagged = {
      Name: 'not allowed',
      TagSpecifications: [{ ResourceType: 'image' as const, Tags: [{ Key: 'a', Value: 'b' }] }],
    };
    expect(await catchCode(copy(source, tagged))).toBe('UnauthorizedOperation');
  });

  it('of a dry run only says that it would have succeeded', async () => {
    const source = await ownImage(cloud);
    expect(await catchCode(copy(source, { DryRun: true }))).toBe('DryRunOperation');
    cloud.denied.add('ec2:CopyImage');
    expect(await catchCode(copy(source, { DryRun: true }))).toBe('UnauthorizedOperation');
    const { Images } = await cloud.ec2(HUB, ABROAD).send(new DescribeImagesCommand({ Owners: ['self'] }));
    expect(Images).toEqual([]);
  });
});
