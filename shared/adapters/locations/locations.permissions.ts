import type { Locations } from '../../ports/locations.ts';
import type { PermissionSet, PortEnvironment } from '../permissions.ts';

export const environment = {
  any: { TARGET_ROLE_NAME: '${TargetRoleName}', TARGET_EXTERNAL_ID: '${TargetExternalId}' },
} satisfies PortEnvironment<Pick<Locations, 'open'>>;

/** What is done in a target is done with its own role (resources/target-account.yml). */
export const permissions = {
  open: [
    {
      because:
        'Definitions choose the accounts, among those of the condition; each of them trusts this account only with its external id.',
      Action: ['sts:AssumeRole'],
      Resource: 'arn:${AWS::Partition}:iam::*:role/${TargetRoleName}',
      Condition: '${IsTarget}',
    },
  ],
} satisfies PermissionSet<Pick<Locations, 'open'>>;
