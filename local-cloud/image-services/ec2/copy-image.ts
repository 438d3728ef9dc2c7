import type { CopyImageRequest, CopyImageResult } from '@aws-sdk/client-ec2';
import { sharedName } from '../effects.ts';
import { EC2_QUOTAS } from '../quotas.ts';
import { AwsError } from '../service.ts';
import { type Context, canSeeImage, canSeeSnapshot, type Operations, once, operation } from './context.ts';
import { imageNotFound, imageUnavailable, invalidCombination, invalidValue } from './errors.ts';
import {
  addImage,
  addSnapshot,
  checkImageName,
  failImage,
  findSnapshots,
  finishImage,
  toDevice,
} from './image-making.ts';
import { visibleTags } from './images-describe.ts';
import { keyAccess, namedKey, READ_OPERATIONS, toKeyArn, VOLUME_OPERATIONS, type VolumeKey } from './keys.ts';
import type { SnapshotRecord, StoredImage, Tags } from './records.ts';
import type { RegionState } from './store.ts';
import { checkTagCount, readTagSpecifications } from './tags.ts';

export interface Copier {
  account: string;
  region: string;
  principalArn: string;
  requestId: string;
}

export function copyImageOperations(context: Context): Operations {
  return {
    CopyImage: operation<CopyImageRequest, CopyImageResult>((request, call) =>
      once(context.store.at(call), 'CopyImage', request.ClientToken, request, () => {
        const image = copyImage(context, request, call);
        return { ImageId: image.id };
      }),
    ),
  };
}

/**
 * Starts a copy into the caller's Region (docs/aws/ec2-images.md#copies). Only a bad request is refused at once; keys and reading rights of keys are
 * checked while the copy runs, and a bad one makes the new image fail.
 */
export function copyImage(context: Context, request: CopyImageRequest, copier: Copier): StoredImage {
  const home = context.store.at(copier);
  const name = request.Name ?? '';
  checkImageName(context, copier, name);
  checkParameters(request);
  const source = findSource(context, request, copier);
  const sources = findSnapshots(context, source);
  const tags = readTagSpecifications(request.TagSpecifications, ['image', 'snapshot']);
  if (home.copies.size + sources.length > EC2_QUOTAS.snapshotCopies) {
    throw new AwsError(
      'ResourceLimitExceeded',
      `Too many snapshot copies in progress. The limit is ${EC2_QUOTAS.snapshotCopies} for this destination region.`,
    );
  }

  const imageTags = { ...copiedTags(request, source, copier.account), ...tags.image };
  checkTagCount(imageTags);
  const snapshots = sources.map((from) => {
    const key = targetKey(home, request, from);
    return addSnapshot(context, {
      ownerId: copier.account,
      region: copier.region,
      sizeGiB: from.sizeGiB,
      description: `Copied for DestinationAmi from SourceAmi ${source.id} for SourceSnapshot ${from.id}.`,
      kmsKeyArn: key && ('named' in key ? toKeyArn(key.named, copier) : key.arn),
      awsManagedKey: key !== undefined && !('named' in key),
      tags: { ...tags.snapshot },
    });
  });
  // Launch permissions, deprecation and deregistration protection are not copied (docs/aws/ec2-images.md#copies).
  const image = addImage(context, {
    ownerId: copier.account,
    region: copier.region,
    name,
    description:
      request.Description ??
      `[Copied ${source.id} from ${source.region}] ${source.description}`.trim().slice(0, 255),
    architecture: source.architecture,
    platformDetails: source.platformDetails,
    rootDeviceName: source.rootDeviceName,
    devices: source.devices.flatMap((device, index) => {
      const snapshot = snapshots[index];
      return snapshot === undefined ? [] : [toDevice(snapshot, device)];
    }),
    ephemeral: source.ephemeral,
    virtualizationType: source.virtualizationType,
    bootMode: source.bootMode,
    tpmSupport: source.tpmSupport,
    imdsSupport: source.imdsSupport,
    enaSupport: source.enaSupport,
    tags: imageTags,
    sourceImageId: source.id,
    sourceImageRegion: source.region,
    inventory: source.inventory,
    hasAgent: source.hasAgent,
  });
  context.world.effects.begin('copy', image.id);
  for (const { id } of snapshots) home.copies.add(id);
  runCopy(context, { request, copier, image, source, sources, snapshots });
  return image;
}

/** Holds the copy's quota until it ends, with or without success. */
function runCopy(context: Context, copy: RunningCopy): void {
  const { world, store } = context;
  const { copier, image, sources } = copy;
  const home = store.at(copier);
  const from = { region: copy.source.region, snapshotIds: sources.map(({ id }) => id) };
  const endAfter = (seconds: number, label: string, finish: () => void): void => {
    const end = (): void => {
      for (const { id } of copy.snapshots) home.copies.delete(id);
      finish();
    };
    image.timer = world.clock.after(seconds, end, label);
  };
  const failAfter = (seconds: number, code: string, message: string): void =>
    endAfter(seconds, `copy ${image.id} fails`, () =>
      failImage(context, image, { code, message }, copier.requestId, from),
    );

  const declared = world.behaviour.copyFailures.take(
    ({ account, region }) =>
      (account ?? copier.account) === copier.account && (region ?? copier.region) === copier.region,
  );
  if (declared) {
    failAfter(world.timings.copyFailure, 'Client.CopyFailed', declared.reason);
    return;
  }
  const start = async (): Promise<void> => {
    const problem = await keyProblem(context, copy);
    if (problem !== undefined) {
      failAfter(world.timings.copyFailure, 'Client.InvalidKmsKey.InvalidState', problem);
      return;
    }
    endAfter(world.timings.copy, `copy ${image.id}`, () => {
      // Deleting source snapshots during the copy is not safe (docs/aws/ec2-images.md#copies).
      const lost = sources.find(({ id, region }) => !store.snapshots(region).has(id));
      if (lost === undefined) finishImage(context, image, copier.requestId, from);
      else {
        const message = `The snapshot '${lost.id}' does not exist.`;
        failImage(
          context,
          image,
          { code: 'Client.InvalidSnapshot.NotFound', message },
          copier.requestId,
          from,
        );
      }
    });
  };
  image.timer = world.clock.after(0, start, `copy ${image.id} starts`);
}

interface RunningCopy {
  request: CopyImageRequest;
  copier: Copier;
  image: StoredImage;
  source: StoredImage;
  sources: SnapshotRecord[];
  snapshots: SnapshotRecord[];
}

function checkParameters(request: CopyImageRequest): void {
  if ((request.Description ?? '').length > 255) {
    throw invalidValue('description', 'description', 'Descriptions have at most 255 characters.');
  }
  if ((request.ClientToken ?? '').length > 128) {
    throw invalidValue(
      request.ClientToken ?? '',
      'clientToken',
      'Client tokens have at most 128 characters.',
    );
  }
  if (request.KmsKeyId !== undefined && request.Encrypted !== true) {
    throw new AwsError(
      'InvalidParameterDependency',
      'The parameter KmsKeyId requires the parameter Encrypted to be set.',
    );
  }
  const minutes = request.SnapshotCopyCompletionDurationMinutes;
  if (minutes !== undefined && (minutes % 15 !== 0 || minutes < 15 || minutes > 2880)) {
    throw invalidValue(
      String(minutes),
      'snapshotCopyCompletionDurationMinutes',
      'It must be a multiple of 15 between 15 and 2880.',
    );
  }
  if (request.DestinationOutpostArn !== undefined || request.DestinationAvailabilityZone !== undefined) {
    throw invalidCombination('Outposts and Local Zones are not part of the local cloud.');
  }
}

/** Own, public, or shared; of what is shared by another account the snapshots must be shared too (docs/aws/ec2-images.md#sharing). */
function findSource(context: Context, request: CopyImageRequest, copier: Copier): StoredImage {
  const id = request.SourceImageId ?? '';
  const image = context.store.images(request.SourceRegion ?? '').get(id);
  const { effects } = context.world;
  const isOnItsWay = (name: string): boolean => effects.isHidden(sharedName(name, copier.account));
  if (image === undefined || !canSeeImage(image, copier.account) || isOnItsWay(id)) throw imageNotFound(id);
  if (image.state !== 'available') throw imageUnavailable(id, image.state);
  const foreign = image.ownerId !== copier.account && !image.public;
  if (
    foreign &&
    findSnapshots(context, image).some(
      (snapshot) =>
        snapshot.awsManagedKey || !canSeeSnapshot(snapshot, copier.account) || isOnItsWay(snapshot.id),
    )
  ) {
    throw new AwsError('InvalidRequest', 'You do not have permission to access the storage of this ami');
  }
  return image;
}

function copiedTags(request: CopyImageRequest, source: StoredImage, account: string): Tags {
  if (request.CopyImageTags !== true) return {};
  // Own images give all their tags, images of others only shared ones; `aws:` tags are never copied.
  const tags = Object.entries(visibleTags(source, account)).filter(([key]) => !key.startsWith('aws:'));
  return Object.fromEntries(tags);
}

/** The key of the copy: encrypted stays encrypted, unencrypted is encrypted on request or by the account's default. */
function targetKey(
  home: RegionState,
  request: CopyImageRequest,
  source: SnapshotRecord,
): VolumeKey | { named: string } | undefined {
  const encrypted = source.kmsKeyArn !== undefined || request.Encrypted === true || home.encryptionByDefault;
  return encrypted ? namedKey(home, request.KmsKeyId) : undefined;
}

/** The reason why a key of the copy cannot be used, or undefined; writes the resolved keys to the new snapshots. */
async function keyProblem(context: Context, copy: RunningCopy): Promise<string | undefined> {
  const { world, store } = context;
  const { copier, request } = copy;
  const home = store.at(copier);
  for (const [index, source] of copy.sources.entries()) {
    if (source.kmsKeyArn !== undefined && !source.awsManagedKey) {
      const reading = { ...copier, region: source.region };
      const answer = await keyAccess(world, reading, source.kmsKeyArn, READ_OPERATIONS);
      if (!answer.usable) return answer.reason;
    }
    const key = targetKey(home, request, source);
    if (key === undefined || !('named' in key)) continue;
    const answer = await keyAccess(world, copier, key.named, VOLUME_OPERATIONS);
    if (!answer.usable) return answer.reason;
    const snapshot = copy.snapshots[index];
    const device = copy.image.devices.find(({ snapshotId }) => snapshotId === snapshot?.id);
    if (snapshot) {
      snapshot.kmsKeyArn = answer.access.arn;
      snapshot.awsManagedKey = answer.access.managedBy === 'AWS';
    }
    if (device) device.kmsKeyArn = answer.access.arn;
  }
  return undefined;
}
