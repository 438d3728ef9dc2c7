import {
  DisableEbsEncryptionByDefaultCommand,
  EC2Client,
  EnableEbsEncryptionByDefaultCommand,
  ModifyEbsDefaultKmsKeyIdCommand,
  ResetEbsDefaultKmsKeyIdCommand,
} from '@aws-sdk/client-ec2';
import { CreateAliasCommand, CreateKeyCommand, DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { LocalCloud } from '../../local-cloud/client.ts';
import type { EbsEncryption, Scenario } from './schema.ts';

const OWN_KEY = 'alias/landing-zone';

/** How each account encrypts volumes when nobody says how, in all its regions of the scenario. */
export async function setEncryptionDefaults(
  cloud: LocalCloud,
  { control, targets }: Pick<Scenario, 'control' | 'targets'>,
): Promise<void> {
  const accounts = [{ ...control, regions: [control.region] }, ...targets];
  for (const { account, regions, ebsEncryption } of accounts)
    for (const region of regions) await setEncryptionDefault(cloud, { account, region }, ebsEncryption);
}

async function setEncryptionDefault(
  cloud: LocalCloud,
  { account, region }: { readonly account: string; readonly region: string },
  encryption: EbsEncryption,
): Promise<void> {
  const ec2 = new EC2Client(cloud.clientConfig(account, region));
  try {
    if (encryption === 'off') await ec2.send(new DisableEbsEncryptionByDefaultCommand({}));
    else await ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
    if (encryption !== 'own key') await ec2.send(new ResetEbsDefaultKmsKeyIdCommand({}));
    else {
      const KmsKeyId = await makeOwnKey(cloud, account, region);
      await ec2.send(new ModifyEbsDefaultKmsKeyIdCommand({ KmsKeyId }));
    }
  } finally {
    ec2.destroy();
  }
}

/** A key with the policy that KMS gives it: the account's IAM policies say who uses it, and no other account may. */
async function makeOwnKey(cloud: LocalCloud, account: string, region: string): Promise<string> {
  const kms = new KMSClient(cloud.clientConfig(account, region));
  try {
    const standing = await kms.send(new DescribeKeyCommand({ KeyId: OWN_KEY })).catch(() => undefined);
    if (standing?.KeyMetadata?.Arn !== undefined) return standing.KeyMetadata.Arn;
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: 'Landing zone' }));
    await kms.send(new CreateAliasCommand({ AliasName: OWN_KEY, TargetKeyId: KeyMetadata?.KeyId }));
    return KeyMetadata?.Arn ?? '';
  } finally {
    kms.destroy();
  }
}
