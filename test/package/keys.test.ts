/** Who may use the keys that images are encrypted with, as their policies say it: whoever starts instances from what is distributed. */
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import type { StackContext, Template } from '../support/resolve-template.ts';
import { type Policy, PolicySchema, simulate } from '../support/simulate-policy.ts';
import { allTemplates, listResources } from './packaged.ts';

const CONTROL = '111122223333';
const TARGET = '444455556666';
const STRANGER = '999988887777';

const KeyPolicySchema = z.looseObject({
  Statement: z.array(z.looseObject({ Sid: z.string(), Principal: z.unknown() })),
});

/** The statements that are meant for everybody and choose by condition; the account itself is let in by a statement of its own. */
function readKeyPolicy(file: string, place: Partial<StackContext>): Policy {
  const found = allTemplates().find(({ name }) => name === file);
  if (found === undefined) throw new Error(`There is no ${file}.`);
  const of: { template: Template; place: StackContext } = {
    template: found.template,
    place: { ...found.place, ...place },
  };
  const [key] = listResources('AWS::KMS::Key', of);
  const { Statement } = KeyPolicySchema.parse(key?.properties.KeyPolicy);
  const open = Statement.filter(({ Principal }) => JSON.stringify(Principal) === '{"AWS":"*"}');
  return PolicySchema.parse({ Statement: open.map(({ Principal: _, ...rest }) => rest) });
}

interface Caller {
  readonly account: string;
  /** After `role/`. */
  readonly role: string;
  readonly organization?: string;
}

function mayUse(policy: Policy, caller: Caller, grant: Readonly<Record<string, string | string[]>> = {}) {
  const context = {
    'kms:CallerAccount': caller.account,
    'aws:PrincipalArn': `arn:aws:iam::${caller.account}:role/${caller.role}`,
    ...(caller.organization === undefined ? {} : { 'aws:PrincipalOrgID': caller.organization }),
  };
  const resource = `arn:aws:kms:eu-west-1:${TARGET}:key/any`;
  const ask = (action: string, more: Readonly<Record<string, string | string[]>> = {}) =>
    simulate([policy], { action, resource, context: { ...context, ...more } }).allowed;
  return {
    reads: ask('kms:Decrypt') && ask('kms:GenerateDataKeyWithoutPlaintext') && ask('kms:DescribeKey'),
    grants: ask('kms:CreateGrant', grant),
  };
}

const FOR_EBS = { 'kms:GrantIsForAWSResource': 'true' };
const AUTO_SCALING = 'aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling';

describe('the key of copies in a target account', () => {
  const policy = readKeyPolicy('target-account.yml', {
    account: TARGET,
    parameters: { Installation: 'ovenbird-dev', RolePath: '/' },
  });

  it.each([
    ['the target role', 'ovenbird-dev-target'],
    ['an Auto Scaling group, and with it a node group of EKS', AUTO_SCALING],
    ['an Auto Scaling group with a service-linked role of its own', `${AUTO_SCALING}_web`],
    ['a Spot request', 'aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot'],
    ['a fleet', 'aws-service-role/ec2fleet.amazonaws.com/AWSServiceRoleForEC2Fleet'],
  ])('lets %s use it, and hand it to EBS alone', (_, role) => {
    const caller = { account: TARGET, role };

    expect(mayUse(policy, caller, FOR_EBS)).toEqual({ reads: true, grants: true });
    expect(mayUse(policy, caller).grants).toBe(false);
  });

  it.each([
    ['another role of the account, which needs a policy of its own', { account: TARGET, role: 'web' }],
    ['a service-linked role of another account', { account: STRANGER, role: AUTO_SCALING }],
    ['a role that only has the name of one', { account: TARGET, role: 'AWSServiceRoleForAutoScaling' }],
  ])('lets %s do nothing', (_, caller) => {
    expect(mayUse(policy, caller, FOR_EBS)).toEqual({ reads: false, grants: false });
  });
});

const LISTED = { TargetAccounts: `${TARGET},777788889999` };
const ORGANIZATION = { OrganizationId: 'o-a1b2c3d4e5' };
const MEMBER = { organization: 'o-a1b2c3d4e5' };

describe.each([
  ['shared images, for a list of accounts', 'shared-images-region.yml', LISTED, {}],
  ['shared images, for an organization', 'shared-images-region.yml', ORGANIZATION, MEMBER],
  ['builds, for a list of accounts', 'build-key.yml', LISTED, {}],
  ['builds, for an organization', 'build-key.yml', ORGANIZATION, MEMBER],
])('the key of %s', (_, file, parameters, membership) => {
  const policy = readKeyPolicy(file, { account: CONTROL, parameters });
  const target = { account: TARGET, role: 'admin', ...membership };
  const toAutoScaling = {
    'kms:GranteePrincipal': `arn:aws:iam::${TARGET}:role/${AUTO_SCALING}`,
    'kms:GrantOperations': ['Decrypt', 'GenerateDataKeyWithoutPlaintext', 'CreateGrant'],
  };

  it('lets a target use it and hand it to EBS', () => {
    expect(mayUse(policy, target, FOR_EBS)).toEqual({ reads: true, grants: true });
  });

  it('lets a target hand it to its service-linked roles, as Auto Scaling needs it', () => {
    expect(mayUse(policy, target, toAutoScaling).grants).toBe(true);
  });

  it('lets no target hand it to anybody else, or retire grants with it', () => {
    const toRole = { ...toAutoScaling, 'kms:GranteePrincipal': `arn:aws:iam::${TARGET}:role/web` };
    const toRetire = { ...toAutoScaling, 'kms:GrantOperations': ['RetireGrant'] };

    expect(mayUse(policy, target, toRole).grants).toBe(false);
    expect(mayUse(policy, target, toRetire).grants).toBe(false);
  });

  it('lets no other account use it', () => {
    const stranger = { account: STRANGER, role: 'admin', organization: 'o-zzzzzzzzzz' };

    expect(mayUse(policy, stranger, FOR_EBS)).toEqual({ reads: false, grants: false });
  });
});
