import { DistributionFailed } from '../../domain/base/errors.ts';
import { keys, TAGS } from '../../domain/base/naming.ts';
import { parseBakeFromName } from '../../domain/definitions/reach.ts';
import { BakeRecordSchema } from '../../domain/records/bakes.ts';
import type { ArtifactFacts } from '../../ports/artifact-store.ts';
import type { ControlLocations } from '../../ports/locations.ts';
import type { Ports } from '../../ports/ports.ts';
import { readRecord } from '../store/read.ts';

export interface ImageMakerDeps extends Pick<Ports, 'table' | 'home'> {
  readonly locations: ControlLocations<'describe'>;
}

/** More copies of copies than anybody makes, and few enough to look at. */
const MAX_COPIES = 8;

/** The pipeline that made an image, or the image that it is a copy of, in whatever account the copy was made. */
export async function findMaker(deps: ImageMakerDeps, image: ArtifactFacts): Promise<string | undefined> {
  let looked: ArtifactFacts | undefined = image;
  for (let copies = 0; looked !== undefined && copies <= MAX_COPIES; copies += 1) {
    const maker = await identifyMaker(deps, looked);
    if (maker !== undefined) return maker;
    looked = await findCopySource(deps, looked);
  }
  return undefined;
}

async function findCopySource(
  { locations, home }: ImageMakerDeps,
  { copyOf }: ArtifactFacts,
): Promise<ArtifactFacts | undefined> {
  if (copyOf === undefined) return undefined;
  try {
    return await locations.openControl(copyOf.region).artifacts.ami.describe(copyOf.imageId);
  } catch (error) {
    // In a Region that this account may not use no bake can have made anything: a base copied from there is as good as any.
    const isClosed = error instanceof DistributionFailed && error.facts.refused === true;
    if (isClosed && copyOf.region !== home.region) return undefined;
    throw error;
  }
}

/**
 * An image of the control account is tagged from its first moment; tags of a copy in another account cannot be seen from here, but its name
 * says which bake it is of.
 */
async function identifyMaker(
  deps: Pick<ImageMakerDeps, 'table' | 'home'>,
  image: ArtifactFacts,
): Promise<string | undefined> {
  const tagged = image.artifact.account === deps.home.account ? image.tags[TAGS.pipeline] : undefined;
  const bake = parseBakeFromName(image.name);
  if (tagged !== undefined || bake === undefined) return tagged;
  return (await readRecord(deps.table, keys.bake(bake), BakeRecordSchema))?.pipeline;
}
