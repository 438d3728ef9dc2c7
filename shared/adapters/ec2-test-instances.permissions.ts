import type { TestInstances } from '../ports/test-instances.ts';
import { EC2_DESCRIBE, type PermissionSet, type PortEnvironment } from './permissions.ts';
import { BUILD_KEYS, USE_VOLUME_KEYS, VIA_EC2 } from './volume-keys.permissions.ts';

const IN_HOME = 'arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}';

const PLACES = [
  'arn:${AWS::Partition}:ec2:${AWS::Region}:*:subnet/*',
  `${IN_HOME}:security-group/*`,
] as const;

export const environment = {
  launch: {
    BUILD_SUBNET_IDS: '${BuildSubnets}',
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
      Resource: PLACES,
      // A VPC that another account shares, and its subnets, have the ARN of their owner (vpc/latest/userguide/vpc-sharing).
      Condition: {
        ArnLike: { 'ec2:Vpc': 'arn:${AWS::Partition}:ec2:${AWS::Region}:*:vpc/${BuildVpcId}' },
      },
    },
    {
      as: 'OtherNetworks',
      because: 'Definitions may name subnets of these VPCs.',
      Action: ['ec2:RunInstances'],
      Resource: PLACES,
      Condition: '${IsOtherVpc}',
    },
    {
      as: 'Devices',
      Action: ['ec2:RunInstances'],
      Resource: [`${IN_HOME}:network-interface/*`, `${IN_HOME}:volume/*`],
    },
    {
      as: 'Tags',
      Action: ['ec2:CreateTags'],
      Resource: [`${IN_HOME}:instance/*`, `${IN_HOME}:volume/*`, `${IN_HOME}:network-interface/*`],
      Condition: { StringEquals: { 'ec2:CreateAction': 'RunInstances' } },
    },
    {
      as: 'Encryption',
      because: 'Without these an instance of an encrypted image ends as soon as it has started.',
      Action: USE_VOLUME_KEYS,
      Resource: BUILD_KEYS,
      Condition: VIA_EC2,
    },
    {
      as: 'Grants',
      Action: ['kms:CreateGrant'],
      Resource: BUILD_KEYS,
      Condition: { ...VIA_EC2, Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    },
    {
      as: 'Role',
      Action: ['iam:PassRole'],
      Resource: '${TestInstanceRole.Arn}',
      Condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    },
    {
      as: 'OtherRoles',
      because: 'Definitions may name instance profiles with these roles.',
      Action: ['iam:PassRole'],
      Resource: '${InstanceRoles}',
      Condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    },
  ],
  status: [
    {
      Action: ['ec2:DescribeInstances', 'ssm:DescribeInstanceInformation'],
      Resource: '*',
      because:
        'Neither has resource-level permissions (Service Authorization Reference, Amazon EC2 and AWS Systems Manager).',
    },
  ],
  terminate: [
    { ...EC2_DESCRIBE, as: 'Read', Action: ['ec2:DescribeInstances'] },
    {
      Action: ['ec2:TerminateInstances'],
      Resource: `${IN_HOME}:instance/*`,
      Condition: { StringEquals: { 'aws:ResourceTag/ovenbird:managed': 'true' } },
    },
  ],
  findByBake: [{ ...EC2_DESCRIBE, Action: ['ec2:DescribeInstances'] }],
} satisfies PermissionSet<TestInstances>;
