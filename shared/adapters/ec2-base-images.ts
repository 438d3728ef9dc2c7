/** The port BaseImages on EC2. */
import { DescribeImagesCommand, type EC2Client, type Image } from '@aws-sdk/client-ec2';
import type { BaseImage } from '../domain/artifacts/base-image.ts';
import type { BaseImages } from '../ports/base-images.ts';
import { callAwsForDistribution } from './aws-refusals.ts';

const NO_IMAGE = ['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable', 'InvalidAMIID.Malformed'];

export function createBaseImages(client: EC2Client): BaseImages {
  return {
    async describe(imageId) {
      const answer = await callAwsForDistribution(
        `Reading the image ${imageId}`,
        () => client.send(new DescribeImagesCommand({ ImageIds: [imageId], IncludeDisabled: true })),
        { absent: NO_IMAGE },
      );
      const image = answer?.Images?.[0];
      return image === undefined ? undefined : toBaseImage(imageId, image);
    },
  };
}

function toBaseImage(imageId: string, image: Image): BaseImage {
  const { BootMode: bootMode, RootDeviceName: rootDevice = '' } = image;
  return {
    imageId,
    state: image.State ?? '',
    architecture: image.Architecture ?? '',
    platform: image.Platform ?? image.PlatformDetails ?? '',
    type: image.ImageType ?? 'machine',
    virtualization: image.VirtualizationType ?? '',
    rootDeviceType: image.RootDeviceType ?? '',
    ...(bootMode === undefined ? {} : { bootMode }),
    ...(rootDevice === '' ? {} : { rootDevice }),
    volumes: (image.BlockDeviceMappings ?? []).flatMap(({ DeviceName: device, Ebs }) =>
      device === undefined || Ebs?.SnapshotId === undefined ? [] : [{ device, sizeGiB: Ebs.VolumeSize ?? 0 }],
    ),
  };
}
