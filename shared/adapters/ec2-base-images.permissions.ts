import type { BaseImages } from '../ports/base-images.ts';
import { EC2_DESCRIBE, type PermissionSet } from './permissions.ts';

export const permissions = {
  describe: [{ ...EC2_DESCRIBE, Action: ['ec2:DescribeImages'] }],
} satisfies PermissionSet<BaseImages>;
