/** Images and their snapshots through one EC2 client: one account, one region. Own images and targets are built on it. */
import {
  CopyImageCommand,
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  type EC2Client,
  EnableImageDeprecationCommand,
  type Image,
} from '@aws-sdk/client-ec2';
import { DistributionFailed } from '../domain/base/errors.ts';
import { TAGS } from '../domain/base/naming.ts';
import type { CopyRequest, ImageFacts } from '../ports/own-images.ts';
import { callAwsForDistribution } from './aws-refusals.ts';

const NO_IMAGE = ['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable'];
const NO_SNAPSHOT = ['InvalidSnapshot.NotFound'];
const PAGE = 200;

export async function describeImage(client: EC2Client, imageId: string): Promise<ImageFacts | undefined> {
  const answer = await callAwsForDistribution(
    `Reading the image ${imageId}`,
    () => client.send(new DescribeImagesCommand({ ImageIds: [imageId], IncludeDisabled: true })),
    { absent: NO_IMAGE },
  );
  const image = answer?.Images?.[0];
  if (image === undefined) return undefined;
  return toImageFacts(image, image.State === 'available' ? await readSnapshotKeys(client, image) : new Map());
}

/** DescribeImages does not tell the key of a volume; DescribeSnapshots does (ec2 Snapshot.KmsKeyId). */
async function readSnapshotKeys(client: EC2Client, image: Image): Promise<Map<string, string>> {
  const ids = listSnapshotIds(image);
  if (ids.length === 0) return new Map();
  const answer = await callAwsForDistribution(
    `Reading the snapshots of ${image.ImageId}`,
    () => client.send(new DescribeSnapshotsCommand({ SnapshotIds: ids })),
    // A shared image shows its snapshots' ids whether they are shared or not.
    { absent: NO_SNAPSHOT },
  );
  return new Map(
    (answer?.Snapshots ?? []).flatMap(({ SnapshotId: id, KmsKeyId: key }) =>
      id === undefined || key === undefined ? [] : [[id, key] as const],
    ),
  );
}

function listSnapshotIds(image: Image): string[] {
  return (image.BlockDeviceMappings ?? []).flatMap((mapping) => mapping.Ebs?.SnapshotId ?? []);
}

const STATES = ['pending', 'available', 'failed', 'deregistered', 'disabled'] as const;

function toImageFacts(image: Image, keyOf: ReadonlyMap<string, string>): ImageFacts {
  const { ImageId, StateReason, DeprecationTime } = image;
  const copyOf = readCopySource(image);
  return {
    imageId: ImageId ?? '',
    name: image.Name ?? '',
    // `transient`, `error` and `invalid` are states of old images that nobody can launch (ec2 ImageState).
    state: STATES.find((state) => state === image.State) ?? 'failed',
    ...(StateReason?.Message === undefined ? {} : { reason: StateReason.Message }),
    architecture: image.Architecture ?? '',
    snapshots: (image.BlockDeviceMappings ?? []).flatMap(({ DeviceName, Ebs }) => {
      if (Ebs?.SnapshotId === undefined || DeviceName === undefined) return [];
      const keyId = keyOf.get(Ebs.SnapshotId);
      return [
        {
          snapshotId: Ebs.SnapshotId,
          device: DeviceName,
          encrypted: Ebs.Encrypted ?? false,
          ...(keyId === undefined ? {} : { keyId }),
        },
      ];
    }),
    tags: Object.fromEntries((image.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
    ...(DeprecationTime === undefined ? {} : { deprecatedAt: DeprecationTime }),
    ...(copyOf === undefined ? {} : { copyOf }),
    ownerId: image.OwnerId ?? '',
  };
}

/** What CreateImage made of an instance names a source too, and the instance with it; that one is no copy (AWSEC2/UserGuide/identify-source-ami-used-to-create-new-ami). */
function readCopySource({ SourceImageId, SourceImageRegion, SourceInstanceId }: Image): ImageFacts['copyOf'] {
  if (SourceImageId === undefined || SourceImageRegion === undefined || SourceInstanceId !== undefined)
    return undefined;
  return { region: SourceImageRegion, imageId: SourceImageId };
}

export function findImagesByBake(client: EC2Client, bake: string): Promise<ImageFacts[]> {
  return findImagesByTag(client, TAGS.bake, bake);
}

export async function findImagesByTag(client: EC2Client, tag: string, value: string): Promise<ImageFacts[]> {
  const images: Image[] = [];
  let token: string | undefined;
  do {
    const NextToken = token;
    const page = await callAwsForDistribution(`Looking for images that are tagged ${tag}=${value}`, () =>
      client.send(
        new DescribeImagesCommand({
          Owners: ['self'],
          IncludeDisabled: true,
          Filters: [{ Name: `tag:${tag}`, Values: [value] }],
          MaxResults: PAGE,
          ...(NextToken === undefined ? {} : { NextToken }),
        }),
      ),
    );
    images.push(...(page?.Images ?? []));
    token = page?.NextToken === '' ? undefined : page?.NextToken;
  } while (token !== undefined);
  return images.map((image) => toImageFacts(image, new Map()));
}

export async function tagResources(
  client: EC2Client,
  resources: readonly string[],
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  await callAwsForDistribution(`Tagging ${resources.join(', ')}`, () =>
    client.send(new CreateTagsCommand({ Resources: [...resources], Tags: toTagList(tags) })),
  );
}

export async function deprecateImage(client: EC2Client, imageId: string, at: string): Promise<void> {
  await callAwsForDistribution(`Setting the deprecation of ${imageId}`, () =>
    client.send(new EnableImageDeprecationCommand({ ImageId: imageId, DeprecateAt: new Date(at) })),
  );
}

/**
 * Image and snapshots in one call, so that a crash cannot come between; what EC2 leaves of the snapshots is deleted one by one. Looked for
 * first, because a role whose rights end at a tag is refused, not told that nothing is there, when the image is gone.
 */
export async function removeImage(client: EC2Client, imageId: string): Promise<void> {
  const standing = await describeImage(client, imageId);
  if (standing === undefined || standing.state === 'deregistered') return;
  const answer = await callAwsForDistribution(
    `Removing the image ${imageId}`,
    () => client.send(new DeregisterImageCommand({ ImageId: imageId, DeleteAssociatedSnapshots: true })),
    { absent: NO_IMAGE },
  );
  for (const { SnapshotId, ReturnCode } of answer?.DeleteSnapshotResults ?? []) {
    // `skipped`: another image uses the snapshot, so it is not ours to delete.
    if (SnapshotId === undefined || ReturnCode === 'success' || ReturnCode === 'skipped') continue;
    await callAwsForDistribution(
      `Deleting the snapshot ${SnapshotId} of ${imageId}`,
      () => client.send(new DeleteSnapshotCommand({ SnapshotId })),
      { absent: NO_SNAPSHOT },
    );
  }
}

/** Called in the destination (ec2 CopyImage). A source that was just shared may not be visible yet, so its absence passes. */
export async function copyImage(client: EC2Client, request: CopyRequest): Promise<{ imageId: string }> {
  const Tags = toTagList(request.tags);
  const answer = await callAwsForDistribution(
    `Copying ${request.sourceImageId} from ${request.sourceRegion}`,
    () =>
      client.send(
        new CopyImageCommand({
          ClientToken: request.clientToken,
          Name: request.name,
          Description: request.description.slice(0, 255),
          SourceImageId: request.sourceImageId,
          SourceRegion: request.sourceRegion,
          Encrypted: true,
          KmsKeyId: request.key,
          TagSpecifications: [
            { ResourceType: 'image', Tags },
            { ResourceType: 'snapshot', Tags },
          ],
        }),
      ),
    { later: NO_IMAGE },
  );
  if (answer?.ImageId === undefined)
    throw new DistributionFailed(`EC2 named no image for the copy of ${request.sourceImageId}.`);
  return { imageId: answer.ImageId };
}

function toTagList(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
