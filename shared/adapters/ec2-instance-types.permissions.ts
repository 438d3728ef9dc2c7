import type { InstanceTypes } from '../ports/base-images.ts';
import { EC2_DESCRIBE, type PermissionSet } from './permissions.ts';

export const permissions = {
  describe: [{ ...EC2_DESCRIBE, Action: ['ec2:DescribeInstanceTypes'] }],
} satisfies PermissionSet<InstanceTypes>;
