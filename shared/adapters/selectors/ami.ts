import { DescribeImagesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { toAmiDetail } from './ami-detail.ts';
import type { Resolve } from './resolver.ts';

/** A deprecated image can still be used by its id (AWSEC2/UserGuide/ami-deprecate). */
export function resolveAmi(ec2: (region: string) => EC2Client): Resolve<'ami'> {
  return async ({ id, region }) => {
    const { Images = [] } = await ec2(region).send(
      new DescribeImagesCommand({ ImageIds: [id], IncludeDeprecated: true, IncludeDisabled: true }),
    );
    const [image] = Images;
    if (image === undefined) return { found: false, reason: `There is no image ${id} in ${region}` };
    if (image.State !== 'available') return { found: false, reason: `The image ${id} is ${image.State}` };
    return { found: true, version: id, detail: { ...toAmiDetail(image), amiId: id } };
  };
}
