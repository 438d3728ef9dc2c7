/** What EC2 does with the keys of volumes in the name of the caller (ebs/userguide/ebs-encryption-requirements). */
export const USE_VOLUME_KEYS = [
  'kms:DescribeKey',
  'kms:Decrypt',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
] as const;

/** Nothing else can be done with the keys. Both suffixes: a partition may have one of its own (kms/developerguide/conditions-kms). */
export const VIA_EC2 = {
  StringLike: { 'kms:ViaService': ['ec2.*.amazonaws.com', 'ec2.*.${AWS::URLSuffix}'] },
} as const;

/** Keys that images are built with: those of the account, and the one that the operator chose. */
export const BUILD_KEYS = [
  'arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*',
  '${BuildKey}',
] as const;
