import type { BuildEngine } from '../../ports/build-engine.ts';
import { EC2_DESCRIBE, type PermissionSet, type PortEnvironment } from '../permissions.ts';

const OWN = 'arn:${AWS::Partition}:imagebuilder:${AWS::Region}:${AWS::AccountId}';
const IMAGES = `${OWN}:image/ovenbird-*` as const;
const CONFIGURATIONS = `${OWN}:infrastructure-configuration/ovenbird-*` as const;
const RECIPES = `${OWN}:image-recipe/ovenbird-*` as const;

export const environment = {
  start: {
    BUILD_SUBNET_IDS: '${BuildSubnets}',
    BUILD_SECURITY_GROUP_ID: '${BuildSecurityGroup.GroupId}',
    BUILD_INSTANCE_PROFILE: '${BuildInstanceProfile}',
    BUILD_LOG_GROUP: '${BuildLogGroup}',
    BUILD_KEY_ARN: '${BuildKeyArn}',
  },
} satisfies PortEnvironment<BuildEngine>;

export const permissions = {
  start: [
    {
      Action: [
        'imagebuilder:CreateImageRecipe',
        'imagebuilder:CreateInfrastructureConfiguration',
        'imagebuilder:CreateImage',
        'imagebuilder:TagResource',
        'imagebuilder:GetImageRecipe',
        'imagebuilder:GetInfrastructureConfiguration',
      ],
      Resource: [RECIPES, CONFIGURATIONS, IMAGES],
    },
    {
      as: 'Inputs',
      because: 'Definitions name components and parent images, managed and shared ones included.',
      Action: ['imagebuilder:GetComponent', 'imagebuilder:GetImage'],
      Resource: [
        'arn:${AWS::Partition}:imagebuilder:*:*:component/*',
        'arn:${AWS::Partition}:imagebuilder:*:*:image/*',
      ],
    },
    { ...EC2_DESCRIBE, as: 'Parents', Action: ['ec2:DescribeImages'] },
    {
      as: 'Role',
      Action: ['iam:PassRole'],
      Resource: '${BuildInstanceRole.Arn}',
      Condition: {
        StringEquals: { 'iam:PassedToService': ['ec2.amazonaws.com', 'imagebuilder.amazonaws.com'] },
      },
    },
    {
      as: 'OtherRoles',
      because: 'Definitions may name instance profiles with these roles.',
      Action: ['iam:PassRole'],
      Resource: '${InstanceRoles}',
      Condition: {
        StringEquals: { 'iam:PassedToService': ['ec2.amazonaws.com', 'imagebuilder.amazonaws.com'] },
      },
    },
    {
      as: 'FirstImage',
      because: 'The first image of an account makes this role with the rights of the caller.',
      Action: ['iam:CreateServiceLinkedRole'],
      Resource:
        'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/imagebuilder.amazonaws.com/AWSServiceRoleForImageBuilder',
      Condition: { StringEquals: { 'iam:AWSServiceName': 'imagebuilder.amazonaws.com' } },
    },
  ],
  status: [{ Action: ['imagebuilder:GetImage'], Resource: IMAGES }],
  cancel: [{ Action: ['imagebuilder:GetImage', 'imagebuilder:CancelImageCreation'], Resource: IMAGES }],
  leftovers: [{ ...EC2_DESCRIBE, Action: ['ec2:DescribeImages'] }],
  forget: [
    { Action: ['imagebuilder:DeleteImage'], Resource: IMAGES },
    { as: 'Recipes', Action: ['imagebuilder:DeleteImageRecipe'], Resource: RECIPES },
    {
      as: 'Configurations',
      Action: ['imagebuilder:DeleteInfrastructureConfiguration'],
      Resource: CONFIGURATIONS,
    },
  ],
} satisfies PermissionSet<BuildEngine>;
