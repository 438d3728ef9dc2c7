import type { Placements } from '../ports/placements.ts';
import { EC2_DESCRIBE, type PermissionSet, type PortEnvironment } from './permissions.ts';

export const environment = {
  describe: {
    BUILD_VPC_ID: '${BuildVpcId}',
    OTHER_VPC_ARNS: '${OtherVpcArns}',
    INSTANCE_ROLE_ARNS: '${InstanceRoleArns}',
  },
} satisfies PortEnvironment<Placements>;

export const permissions = {
  describe: [
    {
      ...EC2_DESCRIBE,
      Action: [
        'ec2:DescribeSecurityGroupVpcAssociations',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
      ],
    },
    {
      as: 'Profiles',
      because: 'Definitions name instance profiles, which may have any path.',
      Action: ['iam:GetInstanceProfile'],
      Resource: 'arn:${AWS::Partition}:iam::${AWS::AccountId}:instance-profile/*',
    },
  ],
} satisfies PermissionSet<Placements>;
