/** The port BuildKeys on EC2 and KMS. */
import {
  type EC2Client,
  GetEbsDefaultKmsKeyIdCommand,
  GetEbsEncryptionByDefaultCommand,
} from '@aws-sdk/client-ec2';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { KeyFacts } from '../domain/keys/image-keys.ts';
import type { BuildKeys } from '../ports/build-keys.ts';
import { callAwsForDistribution } from './aws-refusals.ts';
import { describeKeyWithPolicy } from './kms-keys.ts';

const AWS_ALIAS = /(?:^|:)alias\/aws\//;

function toAwsKey(key: string): KeyFacts {
  return { arn: key, keyId: key, managedBy: 'AWS', state: 'Enabled', spec: 'SYMMETRIC_DEFAULT' };
}

export function createBuildKeys(
  { ec2, kms }: { readonly ec2: EC2Client; readonly kms: KMSClient },
  installationKey: string | undefined,
): BuildKeys {
  return {
    async readDefault() {
      if (installationKey !== undefined) return { key: installationKey, chosenBy: 'installation' };
      const what = 'Reading how the account encrypts volumes by default';
      const setting = await callAwsForDistribution(what, () =>
        ec2.send(new GetEbsEncryptionByDefaultCommand({})),
      );
      if (setting?.EbsEncryptionByDefault !== true) return undefined;
      const found = await callAwsForDistribution(what, () => ec2.send(new GetEbsDefaultKmsKeyIdCommand({})));
      // An account that never chose one has the key of AWS (ec2 GetEbsDefaultKmsKeyId).
      return { key: found?.KmsKeyId ?? 'alias/aws/ebs', chosenBy: 'account' };
    },
    // The alias of a key that AWS makes with its first use: there is nothing to read before (kms DescribeKey, "predefined AWS alias").
    describe: async (key) => (AWS_ALIAS.test(key) ? toAwsKey(key) : describeKeyWithPolicy(kms, key)),
  };
}
