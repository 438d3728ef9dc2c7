import type { Components } from '../ports/components.ts';
import type { PermissionSet } from './permissions.ts';

export const permissions = {
  describe: [
    {
      because: 'Shared and managed components belong to other accounts, which definitions name.',
      Action: ['imagebuilder:GetComponent'],
      Resource: 'arn:${AWS::Partition}:imagebuilder:${AWS::Region}:*:component/*',
    },
  ],
} satisfies PermissionSet<Components>;
