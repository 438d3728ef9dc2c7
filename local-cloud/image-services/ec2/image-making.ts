import { AwsError } from '../service.ts';
import type { Context } from './context.ts';
import { emitImageState, emitSnapshot } from './events.ts';
import type { ImageDevice, SnapshotRecord, StoredImage } from './records.ts';
import type { Location } from './store.ts';

/** 3 to 128 characters of a small set, unique among the caller's images in the Region [M:ec2 CopyImageRequest.Name]. */
export function checkImageName({ store }: Context, { account, region }: Location, name: string): void {
  if (!/^[\w ()[\]./'@-]{3,128}$/.test(name)) {
    throw new AwsError(
      'InvalidAMIName.Malformed',
      "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'",
    );
  }
  for (const image of store.images(region).values()) {
    if (image.ownerId === account && image.name === name && image.state !== 'failed') {
      throw new AwsError('InvalidAMIName.Duplicate', `AMI name ${name} is already in use by AMI ${image.id}`);
    }
  }
}

/** The fields of a new image that have no default. */
export type NewImage = Pick<StoredImage, 'ownerId' | 'region' | 'name' | 'architecture' | 'devices'> &
  Partial<StoredImage>;

export function addImage({ world, store }: Context, given: NewImage): StoredImage {
  const image: StoredImage = {
    id: world.ids.ami(),
    description: '',
    state: 'pending',
    creationDate: world.clock.now(),
    platformDetails: 'Linux/UNIX',
    rootDeviceName: given.devices[0]?.deviceName ?? '/dev/xvda',
    ephemeral: [],
    virtualizationType: 'hvm',
    enaSupport: true,
    tags: {},
    public: false,
    sharedWith: new Set(),
    sharedWithOrganizations: new Set(),
    sharedWithUnits: new Set(),
    deregistrationProtection: 'disabled',
    inventory: [],
    hasAgent: true,
    ...given,
  };
  store.images(image.region).set(image.id, image);
  return image;
}

export type NewSnapshot = Pick<SnapshotRecord, 'ownerId' | 'region' | 'sizeGiB'> & Partial<SnapshotRecord>;

export function addSnapshot({ world, store }: Context, given: NewSnapshot): SnapshotRecord {
  const snapshot: SnapshotRecord = {
    id: world.ids.snapshot(),
    state: 'pending',
    startTime: world.clock.now(),
    // Volume ids of copies and of shared snapshots mean nothing [M:ec2 Snapshot.VolumeId].
    volumeId: 'vol-ffffffff',
    description: '',
    awsManagedKey: false,
    tags: {},
    sharedWith: new Set(),
    public: false,
    ...given,
  };
  store.snapshots(snapshot.region).set(snapshot.id, snapshot);
  return snapshot;
}

export function findSnapshots({ store }: Context, image: StoredImage): SnapshotRecord[] {
  const snapshots = store.snapshots(image.region);
  return image.devices.flatMap(({ snapshotId }) => snapshots.get(snapshotId) ?? []);
}

/** The image becomes available with all its snapshots complete, unless it was deregistered meanwhile. */
export function finishImage(
  context: Context,
  image: StoredImage,
  requestId: string,
  source?: { region: string; snapshotIds: readonly string[] },
): void {
  for (const [index, snapshot] of findSnapshots(context, image).entries()) {
    finishSnapshot(
      context,
      snapshot,
      source && { region: source.region, id: source.snapshotIds[index] ?? '' },
    );
  }
  if (image.state !== 'pending') return;
  image.state = 'available';
  emitImageState(context.world, image, 'available', requestId);
}

export function finishSnapshot(
  { world }: Context,
  snapshot: SnapshotRecord,
  source?: { region: string; id: string },
): void {
  if (snapshot.state !== 'pending') return;
  snapshot.state = 'completed';
  snapshot.completionTime = world.clock.now();
  emitSnapshot(world, snapshot, source ? { name: 'copySnapshot', source } : { name: 'createSnapshot' });
}

/** A failed image stays until it is deregistered; its snapshots end in error. */
export function failImage(
  context: Context,
  image: StoredImage,
  reason: { code: string; message: string },
  requestId: string,
  source?: { region: string; snapshotIds: readonly string[] },
): void {
  for (const [index, snapshot] of findSnapshots(context, image).entries()) {
    snapshot.state = 'error';
    snapshot.stateMessage = reason.message;
    emitSnapshot(
      context.world,
      snapshot,
      source
        ? { name: 'copySnapshot', source: { region: source.region, id: source.snapshotIds[index] ?? '' } }
        : { name: 'createSnapshot' },
    );
  }
  if (image.state !== 'pending') return;
  image.state = 'failed';
  image.stateReason = reason;
  emitImageState(context.world, image, 'failed', requestId);
}

/** Removes an image at once; running instances are not affected. */
export function removeImage({ world, store }: Context, image: StoredImage, requestId: string): void {
  // A running copy goes on: its snapshots complete and its quota is freed at the end.
  image.state = 'deregistered';
  store.images(image.region).delete(image.id);
  emitImageState(world, image, 'deregistered', requestId);
}

/** Images of any account that hold a snapshot: it cannot be deleted while one does. */
export function imagesUsing({ store }: Context, snapshot: SnapshotRecord): StoredImage[] {
  return [...store.images(snapshot.region).values()].filter((image) =>
    image.devices.some(({ snapshotId }) => snapshotId === snapshot.id),
  );
}

export function toDevice(
  snapshot: SnapshotRecord,
  like: Pick<ImageDevice, 'deviceName'> & Partial<ImageDevice>,
): ImageDevice {
  return {
    volumeType: 'gp3',
    iops: 3000,
    throughput: 125,
    deleteOnTermination: true,
    ...like,
    snapshotId: snapshot.id,
    sizeGiB: like.sizeGiB ?? snapshot.sizeGiB,
    kmsKeyArn: snapshot.kmsKeyArn,
  };
}
