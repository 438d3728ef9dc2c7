import type { TestInstances } from '../ports/test-instances.ts';
import type { PermissionSet, PortEnvironment } from './permissions.ts';

const IN_HOME = 'arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}';

export const environment = {
  launch: {
    BUILD_SUBNET_ID: '${BuildSubnetId}',
    TEST_SECURITY_GROUP_ID: '${TestSecurityGroup.GroupId}',
    TEST_INSTANCE_PROFILE: '${TestInstanceProfile}',
  },
} satisfies PortEnvironment<TestInstances>;

export const permissions = {
  launch: [
    {
      Action: ['ec2:RunInstances'],
      Resource: `${IN_HOME}:instance/*`,
      Condition: {
        StringEquals: { 'aws:RequestTag/ovenbird:managed': 'true', 'ec2:MetadataHttpTokens': 'required' },
      },
    },
    {
      as: 'Images',
      Action: ['ec2:RunInstances'],
      Resource: 'arn:${AWS::Partition}:ec2:${AWS::Region}::image/*',
      Condition: { StringEquals: { 'aws:ResourceTag/ovenbird:managed': 'true' } },
    },
    {
      as: 'Network',
      Action: ['ec2:RunInstances'],
      Resource: [
        `${IN_HOME}:subnet/\${BuildSubnetId}`,
        `${IN_HOME}:security-group/\${TestSecurityGroup.GroupId}`,
        `${IN_HOME}:network-interface/*`,
        `${IN_HOME}:volume/*`,
      ],
    },
    {
      as: 'Tags',
      Action: ['ec2:CreateTags'],
      Resource: [`${IN_HOME}:instance/*`, `${IN_HOME}:volume/*`],
      Condition: { StringEquals: { 'ec2:CreateAction': 'RunInstances' } },
    },
    {
      as: 'Role',
      Action: ['iam:PassRole'],
      Resource: '${TestInstanceRole.Arn}',
      Condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    },
  ],
  status: [
    {
      Action: ['ec2:DescribeInstances', 'ssm:DescribeInstanceInformation'],
      Resource: '*',
      because:
        'Describing knows no resource (Service Authorization Reference, Amazon EC2 and AWS Systems Manager).',
    },
  ],
  terminate: [
    {
      Action: ['ec2:TerminateInstances'],
      Resource: `${IN_HOME}:instance/*`,
      Condition: { StringEquals: { 'aws:ResourceTag/ovenbird:managed': 'true' } },
    },
  ],
  findByBake: [
    {
      Action: ['ec2:DescribeInstances'],
      Resource: '*',
      because: 'Describing knows no resource (Service Authorization Reference, Amazon EC2).',
    },
  ],
} satisfies PermissionSet<TestInstances>;
