import { EC2_DESCRIBE, type Statement } from '../permissions.ts';

export const permissions: readonly Statement[] = [{ ...EC2_DESCRIBE, Action: ['ec2:DescribeImages'] }];
