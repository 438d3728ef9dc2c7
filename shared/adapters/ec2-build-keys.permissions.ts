import type { BuildKeys } from '../ports/build-keys.ts';
import type { PermissionSet, PortEnvironment } from './permissions.ts';
import { BUILD_KEYS } from './volume-keys.permissions.ts';

export const environment = {
  readDefault: { BUILD_KEY_ARN: '${BuildKeyArn}' },
} satisfies PortEnvironment<BuildKeys>;

export const permissions = {
  readDefault: [
    {
      because: 'They are settings of the account (Service Authorization Reference, Amazon EC2).',
      Action: ['ec2:GetEbsDefaultKmsKeyId', 'ec2:GetEbsEncryptionByDefault'],
      Resource: '*',
    },
  ],
  describe: [{ Action: ['kms:DescribeKey', 'kms:GetKeyPolicy'], Resource: BUILD_KEYS }],
} satisfies PermissionSet<BuildKeys>;
