/** `lookup:` and `ami:` selectors: images of EC2, by what they are called or by their id. */
import {
  DescribeImagesCommand,
  type EC2Client,
  type Image,
  paginateDescribeImages,
} from '@aws-sdk/client-ec2';
import type { Clock } from '../../ports/clock.ts';
import type { Resolution } from '../../ports/selector-resolver.ts';
import type { Resolve } from './resolver.ts';

export interface ImageResolverClients {
  readonly ec2: (region: string) => EC2Client;
  readonly clock: Clock;
}

/** ec2 DescribeImagesRequest.MaxResults */
const PAGE = 1000;

/** The newest image that is available; deprecated ones do not count, those of one's own either, though EC2 lists them to their owner. */
export function lookupResolver({ ec2, clock }: ImageResolverClients): Resolve<'lookup'> {
  return async ({ owner, name, architecture, region }) => {
    const pages = paginateDescribeImages(
      { client: ec2(region), pageSize: PAGE },
      {
        Owners: [owner],
        IncludeDeprecated: false,
        Filters: [
          { Name: 'name', Values: [name] },
          { Name: 'architecture', Values: [architecture] },
          { Name: 'state', Values: ['available'] },
          { Name: 'image-type', Values: ['machine'] },
        ],
      },
    );
    let newest: Image | undefined;
    for await (const { Images = [] } of pages) {
      for (const image of Images) {
        if (!isDeprecated(image, clock.now()) && isNewer(image, newest)) newest = image;
      }
    }
    if (newest?.ImageId === undefined)
      return {
        found: false,
        reason: `${owner} has no ${architecture} image named ${name} in ${region} that is available and not deprecated`,
      };
    return { found: true, version: newest.ImageId, detail: toDetail(newest) };
  };
}

/** Deprecation does not keep anybody from using an image whose id they know (AWSEC2/UserGuide/ami-deprecate). */
export function amiResolver({ ec2 }: Pick<ImageResolverClients, 'ec2'>): Resolve<'ami'> {
  return async ({ id, region }): Promise<Resolution> => {
    const { Images = [] } = await ec2(region).send(
      new DescribeImagesCommand({ ImageIds: [id], IncludeDeprecated: true, IncludeDisabled: true }),
    );
    const [image] = Images;
    if (image === undefined) return { found: false, reason: `There is no image ${id} in ${region}` };
    if (image.State !== 'available') return { found: false, reason: `The image ${id} is ${image.State}` };
    return { found: true, version: id, detail: { ...toDetail(image), amiId: id } };
  };
}

function toDetail({ ImageId, Architecture, Name, DeprecationTime }: Image): Record<string, string> {
  return {
    ...(ImageId === undefined ? {} : { amiId: ImageId }),
    ...(Architecture === undefined ? {} : { architecture: Architecture }),
    ...(Name === undefined ? {} : { name: Name }),
    ...(DeprecationTime === undefined ? {} : { deprecatedAt: DeprecationTime }),
  };
}

function isDeprecated({ DeprecationTime }: Image, now: Date): boolean {
  return DeprecationTime !== undefined && new Date(DeprecationTime) <= now;
}

/** By time, and by id where several were made in the same second, so that the answer does not depend on the order of the pages. */
function isNewer(image: Image, than: Image | undefined): boolean {
  if (than === undefined) return true;
  const [mine, theirs] = [image.CreationDate ?? '', than.CreationDate ?? ''];
  return mine === theirs ? (image.ImageId ?? '') > (than.ImageId ?? '') : mine > theirs;
}
