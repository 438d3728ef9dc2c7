import { createHash } from 'node:crypto';
import type { KmsAccess, World } from '../service.ts';
import type { Location, RegionState } from './store.ts';

/** A key for volumes of one account and Region. */
export interface VolumeKey {
  arn: string;
  awsManaged: boolean;
}

/** ARN of the account's `aws/ebs` key in a Region, the same in every run. */
export function awsEbsKey({ account, region }: Location): VolumeKey {
  const hex = createHash('sha256').update(`aws/ebs/${account}/${region}`).digest('hex');
  const id = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-');
  return { arn: `arn:aws:kms:${region}:${account}:key/${id}`, awsManaged: true };
}

const AWS_EBS_ALIAS = /(^|:)alias\/aws\/ebs$/;

/** The key that a request names, or the account's default key. Not checked here. */
export function namedKey(home: RegionState, keyId: string | undefined): VolumeKey | { named: string } {
  const name = keyId ?? home.defaultKmsKeyId;
  const managed = awsEbsKey(home);
  if (name === undefined || AWS_EBS_ALIAS.test(name) || name === managed.arn) return managed;
  return { named: name };
}

/** The ARN of a key that may not exist, for copies whose key is checked later. */
export function toKeyArn(name: string, { account, region }: Location): string {
  if (name.startsWith('arn:')) return name;
  return `arn:aws:kms:${region}:${account}:${name.startsWith('alias/') ? name : `key/${name}`}`;
}

/**
 * What a principal needs of the key of a volume that it starts, and of one that new data is encrypted with. The documentation does not tell the
 * two apart (docs/aws/ec2-images.md#encryption).
 */
export const VOLUME_OPERATIONS = [
  'DescribeKey',
  'CreateGrant',
  'Decrypt',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
] as const;
/** What it needs to read encrypted data for a copy. */
export const READ_OPERATIONS = ['DescribeKey', 'CreateGrant', 'Decrypt', 'ReEncryptFrom'] as const;

export async function keyAccess(
  world: World,
  caller: Location & { principalArn: string },
  key: string,
  operations: readonly string[],
): Promise<{ usable: true; access: KmsAccess } | { usable: false; reason: string }> {
  const access = await world.kmsAccess({
    key,
    account: caller.account,
    region: caller.region,
    principalArn: caller.principalArn,
    operations,
  });
  if (!access.exists) return { usable: false, reason: `The KMS key ${key} does not exist` };
  if (!access.enabled) return { usable: false, reason: `The KMS key ${access.arn} is not enabled` };
  // Keys are Regional, and a copy needs one of the destination.
  if (access.arn.split(':')[3] !== caller.region) {
    return { usable: false, reason: `The KMS key ${access.arn} is not in the Region ${caller.region}` };
  }
  const refused = operations.filter((operation) => access.allowed[operation] !== true);
  if (refused.length > 0) {
    return {
      usable: false,
      reason: `Given key ID is not accessible: ${access.arn} does not allow ${refused.join(', ')}`,
    };
  }
  return { usable: true, access };
}
