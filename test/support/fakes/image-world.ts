import type { Ami } from '../../../shared/domain/artifacts/ami.ts';
import { DistributionFailed, TryLater } from '../../../shared/domain/base/errors.ts';
import { TAGS } from '../../../shared/domain/base/naming.ts';
import type { ArtifactFacts, CopyRequest } from '../../../shared/ports/artifact-store.ts';

interface Location {
  readonly account: string;
  readonly region: string;
}
export interface WorldImage extends Location {
  readonly id: string;
  readonly name: string;
  readonly architecture: string;
  state: ArtifactFacts['state'];
  reason?: string;
  readonly snapshots: { id: string; device: string; keyId?: string; sharedWith: Set<string> }[];
  tags: Record<string, string>;
  readonly launchableBy: Set<string>;
  deprecatedAt?: string;
  lastLaunchedAt?: string;
  readonly copyOf?: ArtifactFacts['copyOf'];
}
export interface WorldTemplate {
  defaultVersion: string;
  managed: boolean;
  readonly versions: Map<string, { imageId: string; description: string }>;
  next: number;
}

/** What EC2, SSM and KMS know, of all accounts and regions; the fake of Locations opens it. */
export interface ImageWorld {
  readonly control: string;
  readonly images: Map<string, WorldImage>;
  readonly parameters: Map<string, { value: string; type: string }>;
  /** A write of a parameter takes effect when it was looked at so many times in vain, or after a minute; AWS answers first and looks at the value then. */
  looksUntilParameter: number;
  readonly parametersToCome: { key: string; value: string; looks: number; at: number }[];
  /** Milliseconds. */
  now: () => number;
  readonly templates: Map<string, WorldTemplate>;
  readonly keys: Map<string, string>;
  /** Instances and launch templates, by the account and region that they are in. */
  readonly uses: (Location & { readonly imageId: string; readonly by: string })[];
  /** Called before each change of a pointer; what it throws is thrown by the port. */
  beforePointer: (place: Location, pointer: string, imageId: string) => void;
  /** Called before each call of a port, with the port's verb. */
  beforeCall: (verb: string, place: Location) => void;
  addImage(image: {
    account: string;
    region: string;
    name?: string;
    devices?: readonly string[];
    keyId?: string;
    tags?: Record<string, string>;
  }): WorldImage;
  copy(place: Location, source: Ami, request: CopyRequest): Ami;
  /** Ends the copies that are on their way: `failing` says which of them fail. */
  finishCopies(failing?: (image: WorldImage) => boolean): void;
  remove(place: Location, imageId: string): void;
  see(place: Location, imageId: string): ArtifactFacts<Ami> | undefined;
  findByBake(place: Location, bake: string): ArtifactFacts<Ami>[];
  findByTag(place: Location, tag: string, value: string): ArtifactFacts<Ami>[];
  own(place: Location, imageId: string): WorldImage;
}

/** The artifact that an image of the world is. */
export function toAmi({ account, region, id, snapshots }: WorldImage): Ami {
  return { kind: 'ami', account, region, imageId: id, snapshotIds: snapshots.map((snapshot) => snapshot.id) };
}

export const toLocationKey = (place: Location, name: string) => `${place.account}/${place.region}/${name}`;

export function imageWorld(control = '111122223333'): ImageWorld {
  const images = new Map<string, WorldImage>();
  const tokens = new Map<string, { request: string; copy: Ami }>();
  let count = 0;
  const id = (prefix: string) => {
    count += 1;
    return `${prefix}-${count.toString(16).padStart(17, '0')}`;
  };

  const facts = (image: WorldImage, account: string): ArtifactFacts<Ami> => ({
    artifact: toAmi(image),
    name: image.name,
    state: image.state,
    ...(image.reason === undefined ? {} : { reason: image.reason }),
    architecture: image.architecture,
    snapshots: image.snapshots.map((snapshot) => ({
      snapshotId: snapshot.id,
      device: snapshot.device,
      encrypted: snapshot.keyId !== undefined,
      ...(snapshot.keyId === undefined ? {} : { keyId: snapshot.keyId }),
    })),
    // Tags are invisible to other accounts.
    tags: image.account === account ? { ...image.tags } : {},
    ...(image.deprecatedAt === undefined ? {} : { deprecatedAt: image.deprecatedAt }),
    ...(image.copyOf === undefined ? {} : { copyOf: image.copyOf }),
    sizeGiB: image.snapshots.length * 8,
    ...(image.lastLaunchedAt === undefined || image.account !== account
      ? {}
      : { lastLaunchedAt: image.lastLaunchedAt }),
  });

  const world: ImageWorld = {
    control,
    images,
    parameters: new Map(),
    looksUntilParameter: 0,
    parametersToCome: [],
    now: () => 0,
    templates: new Map(),
    keys: new Map(),
    uses: [],
    beforePointer: () => {},
    beforeCall: () => {},
    addImage: ({ account, region, name, devices = ['/dev/xvda'], keyId, tags = {} }) => {
      const image: WorldImage = {
        id: id('ami'),
        account,
        region,
        name: name ?? `image-${count}`,
        architecture: 'x86_64',
        state: 'available',
        snapshots: devices.map((device) => ({
          id: id('snap'),
          device,
          ...(keyId === undefined ? {} : { keyId }),
          sharedWith: new Set(),
        })),
        tags: { ...tags },
        launchableBy: new Set(),
      };
      images.set(image.id, image);
      return image;
    },
    copy: (place, { imageId: sourceId, region }, request) => {
      const text = JSON.stringify({ ...request, sourceId });
      const before = tokens.get(toLocationKey(place, request.clientToken));
      if (before !== undefined) {
        if (before.request !== text) throw new DistributionFailed('IdempotentParameterMismatch');
        return before.copy;
      }
      const source = images.get(sourceId);
      const mayCopy = (image: WorldImage) =>
        image.account === place.account ||
        (image.launchableBy.has(place.account) &&
          image.snapshots.every((snapshot) => snapshot.sharedWith.has(place.account)));
      if (source === undefined || source.region !== region || !mayCopy(source))
        throw new TryLater('InvalidAMIID.NotFound', { unsettled: true });
      const taken = [...images.values()].some(
        (image) =>
          image.account === place.account && image.region === place.region && image.name === request.name,
      );
      if (taken) throw new DistributionFailed('InvalidAMIName.Duplicate');
      const image: WorldImage = {
        id: id('ami'),
        ...place,
        name: request.name,
        architecture: source.architecture,
        state: 'pending',
        snapshots: source.snapshots.map(({ device }) => ({
          id: id('snap'),
          device,
          keyId: request.key,
          sharedWith: new Set(),
        })),
        tags: { ...request.tags },
        launchableBy: new Set(),
        copyOf: { region: source.region, imageId: source.id },
      };
      images.set(image.id, image);
      const copy = { ...toAmi(image), snapshotIds: [] };
      tokens.set(toLocationKey(place, request.clientToken), { request: text, copy });
      return copy;
    },
    finishCopies: (failing = () => false) => {
      for (const image of images.values()) {
        if (image.state !== 'pending') continue;
        image.state = failing(image) ? 'failed' : 'available';
        if (image.state === 'failed') image.reason = 'Client.InvalidKMSKey.InvalidState';
      }
    },
    remove: (place, imageId) => {
      const image = images.get(imageId);
      if (image?.account === place.account && image.region === place.region) images.delete(imageId);
    },
    see: (place, imageId) => {
      const image = images.get(imageId);
      if (image === undefined || image.region !== place.region) return undefined;
      if (image.account !== place.account && !image.launchableBy.has(place.account)) return undefined;
      return facts(image, place.account);
    },
    findByBake: (place, bake) => world.findByTag(place, TAGS.bake, bake),
    findByTag: (place, tag, value) =>
      [...images.values()]
        .filter((image) => image.account === place.account && image.region === place.region)
        .filter((image) => image.tags[tag] === value)
        .map((image) => facts(image, place.account)),
    own: (place, imageId) => {
      const image = images.get(imageId);
      if (image === undefined || image.account !== place.account || image.region !== place.region)
        throw new DistributionFailed(`InvalidAMIID.NotFound: ${imageId}`);
      return image;
    },
  };
  return world;
}
