import { type EC2Client, type Image, paginateDescribeImages } from '@aws-sdk/client-ec2';
import type { Clock } from '../../ports/clock.ts';
import { toAmiDetail } from './ami-detail.ts';
import type { Resolve } from './resolver.ts';

/** ec2 DescribeImagesRequest.MaxResults */
const PAGE = 1000;

/** The newest image that is available; deprecated ones do not count, though EC2 lists them to their owner. */
export function resolveLookup(ec2: (region: string) => EC2Client, clock: Clock): Resolve<'lookup'> {
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
    return { found: true, version: newest.ImageId, detail: toAmiDetail(newest) };
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
