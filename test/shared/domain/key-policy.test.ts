import { describe, expect, it } from '@jest/globals';
import {
  findKeyDefect,
  findRefusedActions,
  type KeyFacts,
  suggestKeyStatements,
} from '../../../shared/domain/keys/image-keys.ts';
import { judgeUse, KeyPolicySchema, type KeyUser } from '../../../shared/domain/keys/key-policy.ts';

const ACCOUNT = '444455556666';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/OvenbirdTarget`;
const user: KeyUser = { account: ACCOUNT, principal: ROLE };

const allow = (more: Readonly<Record<string, unknown>>) => ({
  Effect: 'Allow',
  Action: 'kms:*',
  Resource: '*',
  ...more,
});
const everybodyIf = (Condition: Readonly<Record<string, unknown>>) =>
  allow({ Principal: { AWS: '*' }, Condition });
const judge = (statements: unknown, action = 'kms:Decrypt', by = user) =>
  judgeUse(KeyPolicySchema.parse({ Statement: statements }), by, action);

describe('the policy of a key', () => {
  it.each([
    ['names the role', allow({ Principal: { AWS: [ROLE] } }), 'allowed'],
    ['names everybody', allow({ Principal: '*' }), 'allowed'],
    [
      'names the account by its root',
      allow({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } }),
      'account',
    ],
    ['names the account by its id', allow({ Principal: { AWS: ACCOUNT } }), 'account'],
    ['names another account', allow({ Principal: { AWS: '999900001111' } }), 'refused'],
    ['names a service', allow({ Principal: { Service: 'ec2.amazonaws.com' } }), 'refused'],
    ['names others only by leaving some out', { ...allow({}), NotPrincipal: { AWS: ACCOUNT } }, 'unknown'],
    ['has another action', allow({ Principal: { AWS: ROLE }, Action: ['kms:Encrypt'] }), 'refused'],
    ['has a part of the action', allow({ Principal: { AWS: ROLE }, Action: 'kms:De*' }), 'allowed'],
    [
      'is of the caller’s account',
      everybodyIf({ StringEquals: { 'kms:CallerAccount': [ACCOUNT] } }),
      'allowed',
    ],
    [
      'is of another account',
      everybodyIf({ StringEquals: { 'kms:CallerAccount': '999900001111' } }),
      'refused',
    ],
    ['leaves the account out', everybodyIf({ StringNotEquals: { 'kms:CallerAccount': ACCOUNT } }), 'refused'],
    [
      'is of the role by a pattern',
      everybodyIf({ ArnLike: { 'aws:PrincipalArn': 'arn:*:role/Ovenbird*' } }),
      'allowed',
    ],
    [
      'is of another role',
      everybodyIf({ ArnLike: { 'aws:PrincipalArn': 'arn:*:role/aws-service-role/*' } }),
      'refused',
    ],
    [
      'is of an organization',
      everybodyIf({ StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } }),
      'unknown',
    ],
    [
      'is for EC2',
      everybodyIf({ StringEquals: { 'kms:ViaService': 'ec2.us-east-1.amazonaws.com' } }),
      'allowed',
    ],
    [
      'is for EC2 anywhere',
      everybodyIf({ StringLike: { 'kms:ViaService': ['ec2.*.amazonaws.com'] } }),
      'allowed',
    ],
    [
      'is for another service',
      everybodyIf({ StringLike: { 'kms:ViaService': 's3.*.amazonaws.com' } }),
      'refused',
    ],
  ])('that %s', (_, statement, answer) => {
    expect(judge(statement)).toBe(answer);
  });

  it('lets a grant be given for a resource of AWS alone, which it is', () => {
    const forAws = allow({
      Principal: { AWS: ROLE },
      Action: 'kms:CreateGrant',
      Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    });

    expect(judge(forAws, 'kms:CreateGrant')).toBe('allowed');
  });

  it('refuses what it denies, unless whom it denies is not known', () => {
    const both = (Condition: Readonly<Record<string, unknown>>) => [
      allow({ Principal: { AWS: ROLE } }),
      { ...everybodyIf(Condition), Effect: 'Deny' },
    ];

    expect(judge(both({ StringEquals: { 'kms:CallerAccount': ACCOUNT } }))).toBe('refused');
    expect(judge(both({ StringNotEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } }))).toBe('allowed');
  });

  it('may name somebody in an account of whom nothing else is known', () => {
    const anybody = { account: ACCOUNT, principal: `arn:aws:iam::${ACCOUNT}:root` };
    const named = everybodyIf({ ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT}:role/web` } });

    expect(judge(named, 'kms:Decrypt', anybody)).toBe('unknown');
  });
});

describe('a key for images', () => {
  const good: KeyFacts = {
    arn: 'arn:aws:kms:eu-west-1:111122223333:key/k',
    keyId: 'k',
    managedBy: 'CUSTOMER',
    state: 'Enabled',
    spec: 'SYMMETRIC_DEFAULT',
  };

  it.each([
    ['absent', undefined, /there is no key/],
    ['managed by AWS', { ...good, managedBy: 'AWS' as const }, /managed by AWS/],
    ['disabled', { ...good, state: 'Disabled' }, /is Disabled/],
    ['asymmetric', { ...good, spec: 'RSA_2048' }, /RSA_2048/],
  ])('is useless when it is %s', (_, facts, problem) => {
    expect(findKeyDefect('alias/x', facts)?.problem).toMatch(problem);
  });

  it('is good otherwise, and where its policy cannot be read', () => {
    expect(findKeyDefect('alias/x', good)).toBeUndefined();
    expect(findRefusedActions(good, user, 'read')).toEqual([]);
  });

  it('takes the statements that are suggested', () => {
    const policy = KeyPolicySchema.parse(JSON.parse(`{"Statement":[${suggestKeyStatements([ROLE])}]}`));

    for (const use of ['read', 'encrypt', 'launch'] as const)
      expect(findRefusedActions({ ...good, policy }, user, use)).toEqual([]);
  });
});
