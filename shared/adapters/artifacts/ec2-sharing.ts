/** Launch permissions of an image and copy permissions of its snapshots. */
import {
  type EC2Client,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import type { Ami } from '../../domain/artifacts/ami.ts';
import { splitIntoBatches } from '../../domain/base/batches.ts';
import { DistributionFailed } from '../../domain/base/errors.ts';
import { callAwsForDistribution } from '../aws-refusals.ts';
import { describeImage } from './ec2-images.ts';

/** One call changes at most so many accounts (ec2 ModifySnapshotAttribute). */
const ACCOUNTS_AT_A_TIME = 500;
const GONE = ['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable', 'InvalidSnapshot.NotFound'];

/** Snapshots come first when access is given and last when it is taken: an account that sees the image can copy all of it. */
export async function changePermissions(
  client: EC2Client,
  operation: 'Add' | 'Remove',
  { imageId, snapshotIds }: Ami,
  accounts: readonly string[],
): Promise<void> {
  // A role whose rights end at a tag is refused, not told that nothing is there, when the image is gone.
  if (operation === 'Remove' && (await describeImage(client, imageId)) === undefined) return;
  for (const batch of splitIntoBatches(accounts, ACCOUNTS_AT_A_TIME)) {
    const users = batch.map((UserId) => ({ UserId }));
    const steps = snapshotIds.map(
      (snapshotId) => () => changeVolumePermission(client, snapshotId, operation, users),
    );
    const image = () => changeLaunchPermission(client, imageId, operation, users);
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
