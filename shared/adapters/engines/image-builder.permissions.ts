import type { BuildEngine } from '../../ports/build-engine.ts';
import type { PermissionSet, PortEnvironment } from '../permissions.ts';

const OWN = 'arn:${AWS::Partition}:imagebuilder:${AWS::Region}:${AWS::AccountId}';
const IMAGES = `${OWN}:image/ovenbird-*` as const;
const RECIPES = `${OWN}:image-recipe/ovenbird-*` as const;

export const environment = {
  start: {
    BUILD_SUBNET_ID: '${BuildSubnetId}',
    BUILD_SECURITY_GROUP_ID: '${BuildSecurityGroup.GroupId}',
    BUILD_INSTANCE_PROFILE: '${BuildInstanceProfile}',
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
      Resource: [RECIPES, `${OWN}:infrastructure-configuration/ovenbird-*`, IMAGES],
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
    {
      as: 'Parents',
      because: 'Describing knows no resource (Service Authorization Reference, Amazon EC2).',
      Action: ['ec2:DescribeImages'],
      Resource: '*',
    },
    {
      as: 'Role',
      Action: ['iam:PassRole'],
      Resource: '${BuildInstanceRole.Arn}',
      Condition: {
        StringEquals: { 'iam:PassedToService': ['ec2.amazonaws.com', 'imagebuilder.amazonaws.com'] },
      },
    },
  ],
  status: [{ Action: ['imagebuilder:GetImage'], Resource: IMAGES }],
  packages: [{ Action: ['imagebuilder:ListImagePackages'], Resource: IMAGES }],
  cancel: [{ Action: ['imagebuilder:GetImage', 'imagebuilder:CancelImageCreation'], Resource: IMAGES }],
  leftovers: [
    {
      because: 'Describing knows no resource (Service Authorization Reference, Amazon EC2).',
      Action: ['ec2:DescribeImages'],
      Resource: '*',
    },
  ],
  forget: [
    { Action: ['imagebuilder:GetImage', 'imagebuilder:DeleteImage'], Resource: IMAGES },
    { as: 'Recipes', Action: ['imagebuilder:DeleteImageRecipe'], Resource: RECIPES },
  ],
} satisfies PermissionSet<BuildEngine>;
