/** The port OwnImages on EC2: the control account, a client for each region. */
import {
  type EC2Client,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import type { KMSClient } from '@aws-sdk/client-kms';
import { DistributionFailed } from '../domain/base/errors.ts';
import type { OwnImages } from '../ports/own-images.ts';
import { callAwsForDistribution } from './aws-refusals.ts';
import {
  copyImage,
  deprecateImage,
  describeImage,
  findImagesByBake,
  removeImage,
  tagResources,
} from './ec2-images.ts';
import { resolveKey } from './kms-keys.ts';

export interface OwnImagesOptions {
  readonly ec2: (region: string) => EC2Client;
  readonly kms: (region: string) => KMSClient;
}

/** One call changes at most so many accounts (ec2 ModifySnapshotAttribute). */
const ACCOUNTS_AT_A_TIME = 500;
const GONE = ['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable', 'InvalidSnapshot.NotFound'];

export function createOwnImages(options: OwnImagesOptions): OwnImages {
  const ec2 = perRegion(options.ec2);
  const kms = perRegion(options.kms);
  return {
    describe: (region, imageId) => describeImage(ec2(region), imageId),
    tag: (region, resources, tags) => tagResources(ec2(region), resources, tags),
    remove: (region, imageId) => removeImage(ec2(region), imageId),
    findByBake: (region, bake) => findImagesByBake(ec2(region), bake),
    copy: (region, request) => copyImage(ec2(region), request),
    deprecate: (region, imageId, at) => deprecateImage(ec2(region), imageId, at),
    resolveKey: (region, key) => resolveKey(kms(region), key, `the control account in ${region}`),
    permit: (region, imageId, snapshotIds, accounts) =>
      changePermissions(ec2(region), 'Add', { imageId, snapshotIds, accounts }),
    revoke: (region, imageId, snapshotIds, accounts) =>
      changePermissions(ec2(region), 'Remove', { imageId, snapshotIds, accounts }),
  };
}

function perRegion<Client>(make: (region: string) => Client): (region: string) => Client {
  const clients = new Map<string, Client>();
  return (region) => {
    const client = clients.get(region) ?? make(region);
    clients.set(region, client);
    return client;
  };
}

/** Snapshots first when permitting and last when revoking: who sees the image can copy it all. */
async function changePermissions(
  client: EC2Client,
  operation: 'Add' | 'Remove',
  of: {
    readonly imageId: string;
    readonly snapshotIds: readonly string[];
    readonly accounts: readonly string[];
  },
): Promise<void> {
  // A role whose rights end at a tag is refused, not told that nothing is there, when the image is gone.
  if (operation === 'Remove' && (await describeImage(client, of.imageId)) === undefined) return;
  for (let start = 0; start < of.accounts.length; start += ACCOUNTS_AT_A_TIME) {
    const UserIds = of.accounts.slice(start, start + ACCOUNTS_AT_A_TIME).map((UserId) => ({ UserId }));
    const steps = [
      ...of.snapshotIds.map(
        (snapshotId) => () => changeVolumePermission(client, snapshotId, operation, UserIds),
      ),
    ];
    const image = () => changeLaunchPermission(client, of.imageId, operation, UserIds);
    for (const step of operation === 'Add' ? [...steps, image] : [image, ...steps]) await step();
  }
}

async function changeLaunchPermission(
  client: EC2Client,
  imageId: string,
  operation: 'Add' | 'Remove',
  users: { UserId: string }[],
): Promise<void> {
  await callAwsForDistribution(
    `Changing who may launch ${imageId}`,
    () =>
      client.send(
        new ModifyImageAttributeCommand({ ImageId: imageId, LaunchPermission: { [operation]: users } }),
      ),
    { absent: operation === 'Remove' ? GONE : [] },
  );
}

async function changeVolumePermission(
  client: EC2Client,
  snapshotId: string,
  operation: 'Add' | 'Remove',
  users: { UserId: string }[],
): Promise<void> {
  try {
    await callAwsForDistribution(
      `Changing who may copy ${snapshotId}`,
      () =>
        client.send(
          new ModifySnapshotAttributeCommand({
            SnapshotId: snapshotId,
            Attribute: 'createVolumePermission',
            CreateVolumePermission: { [operation]: users },
          }),
        ),
      { absent: operation === 'Remove' ? GONE : [] },
    );
  } catch (error) {
    if (!(error instanceof DistributionFailed) || !/default .*key|aws\/ebs/i.test(error.message)) throw error;
    // AWSEC2/UserGuide/sharingamis-explicit
    throw new DistributionFailed(
      `${error.message}. Snapshots that are encrypted with the key aws/ebs cannot be given to another account: in the control account, set a customer managed key as the default for EBS encryption, and bake again.`,
      error.facts,
      { cause: error },
    );
  }
}
