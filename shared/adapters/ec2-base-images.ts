/** The port BaseImages on EC2. */
import { DescribeImagesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { BaseImages } from '../ports/base-images.ts';
import { callAwsForDistribution } from './aws-refusals.ts';

const NO_IMAGE = ['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable', 'InvalidAMIID.Malformed'];

export function createBaseImages(client: EC2Client): BaseImages {
  return {
    async state(imageId) {
      const answer = await callAwsForDistribution(
        `Reading the image ${imageId}`,
        () => client.send(new DescribeImagesCommand({ ImageIds: [imageId], IncludeDisabled: true })),
        { absent: NO_IMAGE },
      );
      return answer?.Images?.[0]?.State;
    },
  };
}
