/** The port ArtifactStore for AMIs on EC2, in the account and region of its clients. Permissions: locations/control.permissions.ts. */
import {
  CopyImageCommand,
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DisableImageDeprecationCommand,
  type EC2Client,
  EnableImageDeprecationCommand,
} from '@aws-sdk/client-ec2';
import type { Ami } from '../../domain/artifacts/ami.ts';
import { DistributionFailed } from '../../domain/base/errors.ts';
import { TAGS, toKeyName } from '../../domain/base/naming.ts';
import type { ArtifactStore, CopyRequest } from '../../ports/artifact-store.ts';
import { callAwsForDistribution } from '../aws-refusals.ts';
import { resolveKey } from '../kms-keys.ts';
import type { LocationClients } from '../locations/clients.ts';
import { describeImage, findImagesByTag, NO_IMAGE, NO_SNAPSHOT } from './ec2-images.ts';
import { changePermissions } from './ec2-sharing.ts';
import { findImageUses } from './ec2-uses.ts';

export function ec2Artifacts(clients: Omit<LocationClients, 'ssm'>): ArtifactStore<Ami> {
  const { installation, account, region, ec2, kms } = clients;
  return {
    describe: (id) => describeImage(ec2, id),
    findByBake: (bake) => findImagesByTag(ec2, TAGS.bake, bake),
    copyFrom: async (source, request) => ({
      kind: 'ami',
      account,
      region,
      imageId: await copyImage(ec2, source, request),
      snapshotIds: [],
    }),
    tag: (artifact, tags) => tagImage(ec2, artifact, tags),
    share: (artifact, accounts) => changePermissions(ec2, 'Add', artifact, accounts),
    unshare: (artifact, accounts) => changePermissions(ec2, 'Remove', artifact, accounts),
    retireAt: ({ imageId }, at) => deprecateImage(ec2, imageId, at),
    unretire: async ({ imageId }) => {
      await callAwsForDistribution(
        `Taking back the deprecation of ${imageId}`,
        () => ec2.send(new DisableImageDeprecationCommand({ ImageId: imageId })),
        { absent: NO_IMAGE },
      );
    },
    findUses: (ids) => findImageUses(ec2, ids),
    remove: ({ imageId }) => removeImage(ec2, imageId),
    resolveKey: (key) => resolveKey(kms, toKeyName(installation, key), `${account}/${region}`),
  };
}

async function tagImage(
  client: EC2Client,
  { imageId, snapshotIds }: Ami,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  const resources = [imageId, ...snapshotIds];
  await callAwsForDistribution(`Tagging ${resources.join(', ')}`, () =>
    client.send(new CreateTagsCommand({ Resources: resources, Tags: toTagList(tags) })),
  );
}

async function deprecateImage(client: EC2Client, imageId: string, at: string): Promise<void> {
  await callAwsForDistribution(`Setting the deprecation of ${imageId}`, () =>
    client.send(new EnableImageDeprecationCommand({ ImageId: imageId, DeprecateAt: new Date(at) })),
  );
}

/**
 * Removes image and snapshots in one call, so that a crash cannot come between; snapshots that EC2 leaves are deleted one by one. Reads the
 * image first, because a role whose rights end at a tag is refused, not told that nothing is there, when the image is gone.
 */
async function removeImage(client: EC2Client, imageId: string): Promise<void> {
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

/** What EC2 says of a source whose permissions it does not know yet, of the image or of its snapshots (docs/aws/ec2-images.md#sharing). */
function isPermissionOnItsWay({ name, message }: Error): boolean {
  return (
    NO_IMAGE.includes(name) ||
    (name === 'InvalidRequest' && /permission to access the storage/i.test(message))
  );
}

/** Copies into the client's account and region (ec2 CopyImage). */
async function copyImage(client: EC2Client, source: Ami, request: CopyRequest): Promise<string> {
  const Tags = toTagList(request.tags);
  const answer = await callAwsForDistribution(
    `Copying ${source.imageId} from ${source.region}`,
    () =>
      client.send(
        new CopyImageCommand({
          ClientToken: request.clientToken,
          Name: request.name,
          Description: request.description.slice(0, 255),
          SourceImageId: source.imageId,
          SourceRegion: source.region,
          Encrypted: true,
          KmsKeyId: request.key,
          TagSpecifications: [
            { ResourceType: 'image', Tags },
            { ResourceType: 'snapshot', Tags },
          ],
        }),
      ),
    { isUnsettled: isPermissionOnItsWay },
  );
  if (answer?.ImageId === undefined)
    throw new DistributionFailed(`EC2 named no image for the copy of ${source.imageId}.`);
  return answer.ImageId;
}

function toTagList(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
