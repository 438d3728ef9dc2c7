/** Reads images and their snapshots through one EC2 client, that is in one account and region. */
import {
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  type EC2Client,
  type Image,
  paginateDescribeImages,
} from '@aws-sdk/client-ec2';
import type { Ami } from '../../domain/artifacts/ami.ts';
import type { ArtifactFacts } from '../../ports/artifact-store.ts';
import { callAwsForDistribution } from '../aws-refusals.ts';

export const NO_IMAGE = ['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable'];
export const NO_SNAPSHOT = ['InvalidSnapshot.NotFound'];
const PAGE = 200;

export async function describeImage(
  client: EC2Client,
  imageId: string,
): Promise<ArtifactFacts<Ami> | undefined> {
  const region = await client.config.region();
  const answer = await callAwsForDistribution(
    `Reading the image ${imageId}`,
    () => client.send(new DescribeImagesCommand({ ImageIds: [imageId], IncludeDisabled: true })),
    { absent: NO_IMAGE },
  );
  const image = answer?.Images?.[0];
  if (image === undefined) return undefined;
  return toFacts(
    image,
    region,
    image.State === 'available' ? await readSnapshotKeys(client, image) : new Map(),
  );
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

function toFacts(image: Image, region: string, keyOf: ReadonlyMap<string, string>): ArtifactFacts<Ami> {
  const { ImageId: imageId = '', OwnerId: account = '', StateReason, DeprecationTime } = image;
  const copyOf = readCopySource(image);
  return {
    artifact: { kind: 'ami', account, region, imageId, snapshotIds: listSnapshotIds(image) },
    name: image.Name ?? '',
    // `transient`, `error` and `invalid` are states of old images that cannot be launched (ec2 ImageState).
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
    sizeGiB: (image.BlockDeviceMappings ?? []).reduce((sum, { Ebs }) => sum + (Ebs?.VolumeSize ?? 0), 0),
    ...(image.LastLaunchedTime === undefined ? {} : { lastLaunchedAt: image.LastLaunchedTime }),
  };
}

/** Undefined for an image that CreateImage made of an instance, though it names a source too (AWSEC2/UserGuide/identify-source-ami-used-to-create-new-ami). */
function readCopySource({
  SourceImageId,
  SourceImageRegion,
  SourceInstanceId,
}: Image): ArtifactFacts['copyOf'] {
  if (SourceImageId === undefined || SourceImageRegion === undefined || SourceInstanceId !== undefined)
    return undefined;
  return { region: SourceImageRegion, imageId: SourceImageId };
}

export async function findImagesByTag(
  client: EC2Client,
  tag: string,
  value: string,
): Promise<ArtifactFacts<Ami>[]> {
  const region = await client.config.region();
  const filters = [{ Name: `tag:${tag}`, Values: [value] }];
  const request = { Owners: ['self'], IncludeDisabled: true, Filters: filters };
  const pages = await callAwsForDistribution(`Looking for images that are tagged ${tag}=${value}`, () =>
    Array.fromAsync(paginateDescribeImages({ client, pageSize: PAGE }, request)),
  );
  return (pages ?? []).flatMap(({ Images = [] }) => Images.map((image) => toFacts(image, region, new Map())));
}
