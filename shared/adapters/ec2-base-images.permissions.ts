import type { BaseImages } from '../ports/base-images.ts';
import type { PermissionSet } from './permissions.ts';

export const permissions = {
  state: [
    {
      Action: ['ec2:DescribeImages'],
      Resource: '*',
      because: 'Describing knows no resource (Service Authorization Reference, Amazon EC2).',
    },
  ],
} satisfies PermissionSet<BaseImages>;
