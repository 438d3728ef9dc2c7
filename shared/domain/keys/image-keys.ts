/** Keys that images are encrypted with: what makes one useless, and who else needs it. */
import { judgeUse, type KeyPolicy, type KeyUser } from './key-policy.ts';

export interface KeyFacts {
  readonly arn: string;
  readonly keyId: string;
  readonly managedBy: 'AWS' | 'CUSTOMER';
  readonly state: string;
  readonly spec: string;
  /** Undefined where it may not be read, as that of a key of another account. */
  readonly policy?: KeyPolicy | undefined;
}

export interface KeyDefect {
  readonly problem: string;
  readonly fix: string;
}

/** What EC2 does with a key in the name of a principal, of all that ebs/userguide/ebs-encryption-requirements names, where it is sure to. */
export const KEY_USES = {
  /** Copying what is encrypted with it. */
  read: ['kms:DescribeKey', 'kms:Decrypt', 'kms:ReEncryptFrom', 'kms:CreateGrant'],
  /** Encrypting a copy with it. */
  encrypt: ['kms:DescribeKey', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:CreateGrant'],
  /** Starting instances from what is encrypted with it. */
  launch: ['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:CreateGrant'],
} as const;
export type KeyUse = keyof typeof KEY_USES;

/** What makes a key useless for images, with what to do about it; undefined for a good one. `absentFix`: what to do where there is none. */
export function findKeyDefect(
  key: string,
  facts: KeyFacts | undefined,
  absentFix = 'Name a key that exists',
): KeyDefect | undefined {
  if (facts === undefined) return { problem: `there is no key ${key}`, fix: absentFix };
  if (facts.managedBy === 'AWS')
    return {
      problem: `the key ${key} is managed by AWS`,
      // AWSEC2/UserGuide/sharingamis-explicit: such images and snapshots cannot be shared, and the key's policy cannot be changed.
      fix: 'Name a customer managed key',
    };
  if (facts.state !== 'Enabled')
    return {
      problem: `the key ${key} is ${facts.state}`,
      fix: `Enable it (aws kms enable-key --key-id ${facts.keyId}), or name another key`,
    };
  if (facts.spec !== 'SYMMETRIC_DEFAULT')
    return {
      problem: `the key ${key} is of the kind ${facts.spec}`,
      fix: 'EBS takes symmetric encryption keys alone; name another key',
    };
  return undefined;
}

/** Actions of a use that the key's policy is sure to refuse; none where it cannot be read. */
export function findRefusedActions({ policy }: KeyFacts, user: KeyUser, use: KeyUse): string[] {
  if (policy === undefined) return [];
  return KEY_USES[use].filter((action) => judgeUse(policy, user, action) === 'refused');
}

/** Statements for the policy of a key, to be pasted: everything that EC2 may do with it in the name of these principals. */
export function suggestKeyStatements(principals: readonly string[]): string {
  const who = { Effect: 'Allow', Principal: { AWS: principals } };
  return [
    {
      ...who,
      Action: [
        'kms:DescribeKey',
        'kms:Decrypt',
        'kms:GenerateDataKeyWithoutPlaintext',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
      ],
      Resource: '*',
    },
    {
      ...who,
      Action: 'kms:CreateGrant',
      Resource: '*',
      Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    },
  ]
    .map((statement) => JSON.stringify(statement))
    .join(', ');
}
