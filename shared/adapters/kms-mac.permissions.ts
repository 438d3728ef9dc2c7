import type { Mac } from '../ports/mac.ts';
import type { PermissionSet, PortEnvironment } from './permissions.ts';

export const environment = { any: { LINK_KEY_ID: '${LinkKey}' } } satisfies PortEnvironment<Mac>;

export const permissions = {
  generate: [{ Action: ['kms:GenerateMac'], Resource: '${LinkKey.Arn}' }],
  verify: [{ Action: ['kms:VerifyMac'], Resource: '${LinkKey.Arn}' }],
} satisfies PermissionSet<Mac>;
