import type { ArtifactStore } from '../../ports/artifact-store.ts';
import { EC2_DESCRIBE, type PermissionSet, type Statement } from '../permissions.ts';
import { BUILD_KEYS, USE_VOLUME_KEYS, VIA_EC2 } from '../volume-keys.permissions.ts';

/** ARNs of images and snapshots hold no account. */
const IMAGES = 'arn:${AWS::Partition}:ec2:*::image/*';
const SNAPSHOTS = 'arn:${AWS::Partition}:ec2:*::snapshot/*';
const BUILT = [
  'arn:${AWS::Partition}:ec2:${AWS::Region}::image/*',
  'arn:${AWS::Partition}:ec2:${AWS::Region}::snapshot/*',
] as const;
const IS_MANAGED = { StringEquals: { 'aws:ResourceTag/ovenbird:managed': 'true' } };

const changeManaged = (...Action: string[]): Statement => ({
  Action,
  Resource: [IMAGES, SNAPSHOTS],
  Condition: IS_MANAGED,
});
const PERMIT_IMAGES: Statement = {
  as: 'Images',
  Action: ['ec2:ModifyImageAttribute'],
  Resource: IMAGES,
  Condition: IS_MANAGED,
};

const KEYS = 'arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*';
const BY_ALIAS = {
  'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/${AWS::StackName}-shared-images' },
};

/** In the control account; a target account's role has its own in resources/target-account.yml. `tag:built`: see PermissionSet. */
export const permissions = {
  describe: [{ ...EC2_DESCRIBE, Action: ['ec2:DescribeImages', 'ec2:DescribeSnapshots'] }],
  findByBake: [{ ...EC2_DESCRIBE, Action: ['ec2:DescribeImages'] }],
  tag: [changeManaged('ec2:CreateTags')],
  'tag:built': [
    {
      because:
        'The build engine does not mark the snapshots that it makes. Only an approval may write its tag.',
      Action: ['ec2:CreateTags'],
      Resource: BUILT,
      Condition: { 'ForAllValues:StringNotEquals': { 'aws:TagKeys': ['ovenbird:approved-by'] } },
    },
  ],
  retireAt: [changeManaged('ec2:EnableImageDeprecation')],
  unretire: [changeManaged('ec2:DisableImageDeprecation')],
  findUses: [
    {
      ...EC2_DESCRIBE,
      Action: ['ec2:DescribeInstances', 'ec2:DescribeLaunchTemplateVersions'],
    },
  ],
  remove: [changeManaged('ec2:DeregisterImage', 'ec2:DeleteSnapshot')],
  'remove:unrecorded': [
    {
      because:
        'What a build made that was not recorded, at least its snapshots, carries the mark of Image Builder alone.',
      Action: ['ec2:DeregisterImage', 'ec2:DeleteSnapshot'],
      Resource: BUILT,
      Condition: {
        StringLike: {
          'aws:ResourceTag/Ec2ImageBuilderArn':
            'arn:${AWS::Partition}:imagebuilder:${AWS::Region}:${AWS::AccountId}:image/ovenbird-*',
        },
        Null: { 'aws:ResourceTag/ovenbird:managed': 'true' },
      },
    },
  ],
  share: [
    PERMIT_IMAGES,
    {
      as: 'Snapshots',
      because:
        'Snapshots that the build engine makes carry tags of the engine alone; so the accounts are limited instead, and nothing becomes public.',
      Action: ['ec2:ModifySnapshotAttribute'],
      Resource: SNAPSHOTS,
      Condition: '${AddsTargetsAlone}',
    },
  ],
  unshare: [
    PERMIT_IMAGES,
    {
      as: 'Snapshots',
      because:
        'Snapshots that the build engine makes carry tags of the engine alone; no account can be added here, so permissions are only ever taken away.',
      Action: ['ec2:ModifySnapshotAttribute'],
      Resource: SNAPSHOTS,
      Condition: { Null: { 'ec2:Add/userId': 'true', 'ec2:Add/group': 'true' } },
    },
  ],
  copyFrom: [
    {
      because: 'Source and copy are both resources of the call.',
      Action: ['ec2:CopyImage'],
      Resource: [IMAGES, SNAPSHOTS],
    },
    {
      as: 'Tags',
      Action: ['ec2:CreateTags'],
      Resource: [IMAGES, SNAPSHOTS],
      Condition: {
        StringEquals: { 'ec2:CreateAction': 'CopyImage', 'aws:RequestTag/ovenbird:managed': 'true' },
      },
    },
    {
      as: 'Encryption',
      Action: USE_VOLUME_KEYS,
      Resource: KEYS,
      Condition: BY_ALIAS,
    },
    {
      as: 'Grants',
      Action: ['kms:CreateGrant'],
      Resource: KEYS,
      Condition: { ...BY_ALIAS, Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    },
    {
      as: 'Sources',
      because: 'The image as built is encrypted with whatever key the build was given.',
      Action: USE_VOLUME_KEYS,
      Resource: BUILD_KEYS,
      Condition: VIA_EC2,
    },
    {
      as: 'SourceGrants',
      Action: ['kms:CreateGrant'],
      Resource: BUILD_KEYS,
      Condition: { ...VIA_EC2, Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    },
  ],
  resolveKey: [{ Action: ['kms:DescribeKey'], Resource: KEYS, Condition: BY_ALIAS }],
} satisfies PermissionSet<ArtifactStore>;
