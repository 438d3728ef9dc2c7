import type {
  BlockDeviceMapping,
  DescribeImagesRequest,
  DescribeImagesResult,
  Image,
} from '@aws-sdk/client-ec2';
import { sharedName } from '../effects.ts';
import { type Context, canSeeImage, type Operations, operation } from './context.ts';
import { imageNotFound, invalidCombination, malformedId } from './errors.ts';
import { createMatcher, type FilterTable } from './filters.ts';
import { takePage } from './pages.ts';
import type { ImageDevice, StoredImage, Tags } from './records.ts';
import { tagList } from './tags.ts';

/** Tags of an image as an account sees them: others see only shared tags (docs/aws/ec2-images.md#sharing). */
export function visibleTags(image: StoredImage, account: string): Tags {
  if (image.ownerId === account) return image.tags;
  return Object.fromEntries(Object.entries(image.tags).filter(([key]) => key.startsWith('ec2:SharedTag/')));
}

const deviceFilter =
  (read: (device: ImageDevice) => string | undefined) =>
  ({ devices }: StoredImage): (string | undefined)[] =>
    devices.map(read);

// [M:op DescribeImages, Filters]
const FILTERS: FilterTable<StoredImage> = {
  architecture: (image) => [image.architecture],
  'block-device-mapping.delete-on-termination': deviceFilter((device) => String(device.deleteOnTermination)),
  'block-device-mapping.device-name': deviceFilter((device) => device.deviceName),
  'block-device-mapping.encrypted': deviceFilter((device) => String(device.kmsKeyArn !== undefined)),
  'block-device-mapping.snapshot-id': deviceFilter((device) => device.snapshotId),
  'block-device-mapping.volume-size': deviceFilter((device) => String(device.sizeGiB)),
  'block-device-mapping.volume-type': deviceFilter((device) => device.volumeType),
  'creation-date': (image) => [image.creationDate.toISOString()],
  description: (image) => [image.description],
  'ena-support': (image) => [String(image.enaSupport)],
  hypervisor: () => ['xen'],
  'image-id': (image) => [image.id],
  'image-type': () => ['machine'],
  'is-public': (image) => [String(image.public)],
  name: (image) => [image.name],
  'owner-alias': (image) => [image.ownerAlias],
  'owner-id': (image) => [image.ownerId],
  platform: (image) => [image.platformDetails.startsWith('Windows') ? 'windows' : undefined],
  'platform-details': (image) => [image.platformDetails],
  'root-device-name': (image) => [image.rootDeviceName],
  'root-device-type': () => ['ebs'],
  'source-image-id': (image) => [image.sourceImageId],
  'source-image-region': (image) => [image.sourceImageRegion],
  'source-instance-id': (image) => [image.sourceInstanceId],
  state: (image) => [image.state],
  'state-reason-code': (image) => [image.stateReason?.code],
  'state-reason-message': (image) => [image.stateReason?.message],
  'virtualization-type': (image) => [image.virtualizationType],
};

export function describeImageOperations({ world, store }: Context): Operations {
  return {
    DescribeImages: operation<DescribeImagesRequest, DescribeImagesResult>((request, call) => {
      const { account, region } = call;
      const ids = request.ImageIds ?? [];
      if (ids.length > 0 && request.MaxResults !== undefined) {
        throw invalidCombination('The parameter imageIds cannot be used with the parameter maxResults');
      }
      const malformed = ids.find((id) => !/^ami-[0-9a-f]{8,17}$/.test(id));
      if (malformed !== undefined) throw malformedId('InvalidAMIID.Malformed', malformed);
      const images = store.images(region);
      const isSeen = (image: StoredImage): boolean =>
        canSeeImage(image, account) &&
        !world.effects.isHidden(image.id) &&
        !world.effects.isHidden(sharedName(image.id, account));
      const unknown = ids.filter((id) => {
        const image = images.get(id);
        return image === undefined || !isSeen(image);
      });
      if (unknown.length > 0) throw imageNotFound(...unknown);

      const owned = ownerTest(request.Owners ?? [], account);
      const executable = executableTest(request.ExecutableUsers ?? [], account);
      const now = world.clock.now();
      // A deprecated image of another owner is not listed, but is found by its id (docs/aws/ec2-images.md#end-of-life).
      const listed = (image: StoredImage): boolean =>
        ids.length > 0 ||
        image.ownerId === account ||
        request.IncludeDeprecated === true ||
        image.deprecationTime === undefined ||
        image.deprecationTime > now;
      const tagsOf = (image: StoredImage): Tags => visibleTags(image, account);
      const matches = createMatcher(request.Filters, FILTERS, tagsOf);
      const found = [...images.values()].filter(
        (image) =>
          (ids.length === 0 || ids.includes(image.id)) &&
          isSeen(image) &&
          (image.state !== 'disabled' || request.IncludeDisabled === true) &&
          listed(image) &&
          owned(image) &&
          executable(image) &&
          matches(image),
      );
      const page = takePage(found, ({ id }) => id, request);
      return {
        Images: page.records.map((image) => toImage(image, account)),
        ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
      };
    }),
  };
}

function ownerTest(owners: readonly string[], account: string): (image: StoredImage) => boolean {
  if (owners.length === 0) return () => true;
  return (image) =>
    owners.some((owner) => {
      if (owner === 'self') return image.ownerId === account;
      return owner === image.ownerId || owner === image.ownerAlias;
    });
}

function executableTest(users: readonly string[], account: string): (image: StoredImage) => boolean {
  if (users.length === 0) return () => true;
  return (image) =>
    users.some((user) => {
      if (user === 'all') return image.public;
      return image.sharedWith.has(user === 'self' ? account : user);
    });
}

/** An image as DescribeImages returns it to an account. */
export function toImage(image: StoredImage, account: string): Image {
  const tags = tagList(visibleTags(image, account));
  return {
    ImageId: image.id,
    ImageLocation: `${image.ownerAlias ?? image.ownerId}/${image.name}`,
    State: image.state,
    OwnerId: image.ownerId,
    ImageOwnerAlias: image.ownerAlias,
    CreationDate: image.creationDate.toISOString(),
    Public: image.public,
    Architecture: toSdkValue<Image['Architecture']>(image.architecture),
    ImageType: 'machine',
    Platform: image.platformDetails.startsWith('Windows') ? 'Windows' : undefined,
    PlatformDetails: image.platformDetails,
    UsageOperation: image.platformDetails.startsWith('Windows') ? 'RunInstances:0002' : 'RunInstances',
    BlockDeviceMappings: toMappings(image),
    Description: image.description === '' ? undefined : image.description,
    EnaSupport: image.enaSupport,
    Hypervisor: 'xen',
    Name: image.name,
    RootDeviceName: image.rootDeviceName,
    RootDeviceType: 'ebs',
    SriovNetSupport: 'simple',
    StateReason:
      image.stateReason === undefined
        ? undefined
        : { Code: image.stateReason.code, Message: image.stateReason.message },
    Tags: tags.length === 0 ? undefined : tags,
    VirtualizationType: toSdkValue<Image['VirtualizationType']>(image.virtualizationType),
    BootMode: toSdkValue<Image['BootMode']>(image.bootMode),
    TpmSupport: toSdkValue<Image['TpmSupport']>(image.tpmSupport),
    DeprecationTime: image.deprecationTime?.toISOString(),
    ImdsSupport: image.imdsSupport,
    SourceInstanceId: image.sourceInstanceId,
    DeregistrationProtection: image.deregistrationProtection,
    LastLaunchedTime: image.ownerId === account ? image.lastLaunchedTime?.toISOString() : undefined,
    SourceImageId: image.sourceImageId,
    SourceImageRegion: image.sourceImageRegion,
    PublicSsmParameterName: image.publicSsmParameterName,
  };
}

const mappingReads = new WeakMap<StoredImage, number>();

/** The mappings begin with another one at every reading: EC2 promises no order, and does answer with the root last. */
export function toMappings(image: StoredImage): BlockDeviceMapping[] {
  const reads = mappingReads.get(image) ?? 0;
  mappingReads.set(image, reads + 1);
  const first = image.devices.length === 0 ? 0 : (reads + 1) % image.devices.length;
  const devices = [...image.devices.slice(first), ...image.devices.slice(0, first)];
  return [
    ...devices.map(
      (device): BlockDeviceMapping => ({
        DeviceName: device.deviceName,
        Ebs: {
          DeleteOnTermination: device.deleteOnTermination,
          Iops: device.iops,
          SnapshotId: device.snapshotId,
          VolumeSize: device.sizeGiB,
          VolumeType: toSdkValue<'gp3'>(device.volumeType),
          Throughput: device.throughput,
          // The key of an encrypted device is on its snapshot; DescribeImages does not tell it.
          Encrypted: device.kmsKeyArn !== undefined,
        },
      }),
    ),
    ...image.ephemeral.map(({ deviceName, virtualName }) => ({
      DeviceName: deviceName,
      VirtualName: virtualName,
    })),
  ];
}

/** A value as the SDK's union, which is open on the wire: registered values are returned unchanged. */
function toSdkValue<T extends string | undefined>(value: string | undefined): T {
  return value as T;
}
