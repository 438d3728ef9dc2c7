/** Reads what a key is, through one KMS client. */
import { DescribeKeyCommand, type KeyMetadata, type KMSClient } from '@aws-sdk/client-kms';
import { DistributionFailed } from '../domain/base/errors.ts';
import { callAwsForDistribution } from './aws-refusals.ts';

export async function describeKey(client: KMSClient, key: string): Promise<KeyMetadata | undefined> {
  const answer = await callAwsForDistribution(
    `Reading the key ${key}`,
    () => client.send(new DescribeKeyCommand({ KeyId: key })),
    { absent: ['NotFoundException'] },
  );
  return answer?.KeyMetadata;
}

/** What makes a key useless for images, with what to do about it; undefined for a good one. */
export function findKeyDefect(
  key: string,
  metadata: KeyMetadata | undefined,
): { readonly problem: string; readonly fix: string } | undefined {
  if (metadata === undefined)
    return {
      problem: `there is no key ${key}`,
      fix: 'Deploy resources/target-account.yml in that account and region (it makes alias/ovenbird-images), or name a key that exists',
    };
  if (metadata.KeyManager === 'AWS')
    return {
      problem: `the key ${key} is managed by AWS`,
      // AWSEC2/UserGuide/sharingamis-explicit: such images and snapshots cannot be shared, and the key's policy cannot be changed.
      fix: 'Name a customer managed key, such as alias/ovenbird-images',
    };
  if (metadata.KeyState !== 'Enabled')
    return {
      problem: `the key ${key} is ${metadata.KeyState ?? 'in an unknown state'}`,
      fix: `Enable it (aws kms enable-key --key-id ${metadata.KeyId ?? key}), or name another key`,
    };
  if (metadata.KeySpec !== undefined && metadata.KeySpec !== 'SYMMETRIC_DEFAULT')
    return {
      problem: `the key ${key} is of the kind ${metadata.KeySpec}`,
      fix: 'EBS takes symmetric encryption keys alone; name another key',
    };
  return undefined;
}

/** The ARN behind an alias, id or ARN; CopyImage would find out about a bad key long after it has answered (ec2 CopyImageRequest.KmsKeyId). */
export async function resolveKey(client: KMSClient, key: string, where: string): Promise<string> {
  const metadata = await describeKey(client, key);
  const defect = findKeyDefect(key, metadata);
  if (defect !== undefined || metadata?.Arn === undefined)
    throw new DistributionFailed(
      defect === undefined
        ? `The key ${key} in ${where} has no ARN.`
        : `${where}: ${defect.problem}. ${defect.fix}.`,
    );
  return metadata.Arn;
}
