/**
 * What AWS asks of a caller besides the action that it calls: dependent actions of the Service Authorization Reference and what the guides
 * name. A role that has the action has to allow them, and no more than them.
 */
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { type Policy, PolicySchema, type SimulatedCall, simulate } from '../support/simulate-policy.ts';
import { listResources, OPTIONAL_VALUES, stackContext, VALUES } from './packaged.ts';

const RoleSchema = z.looseObject({
  Policies: z.array(z.object({ PolicyDocument: PolicySchema })).default([]),
});
const roles = listResources('AWS::IAM::Role').map(({ id, properties }) => ({
  id,
  policies: RoleSchema.parse(properties).Policies.map(({ PolicyDocument }) => PolicyDocument),
}));

interface Dependent {
  readonly action: string;
  readonly needs: readonly SimulatedCall[];
  /** Calls that are near to those that it needs, and that nothing needs. */
  readonly refuses: readonly SimulatedCall[];
}

const { account, region } = stackContext;
const role = (service: string, name: string, owner = account) =>
  `arn:aws:iam::${owner}:role/aws-service-role/${service}/${name}`;
/** On a subnet or a security group, which EC2 tells the VPC of. */
const runInstancesIn = (vpc: string, resource: string): SimulatedCall => ({
  action: 'ec2:RunInstances',
  resource,
  context: { 'ec2:Vpc': vpc },
});
const passRole = (resource: string, service = 'ec2.amazonaws.com'): SimulatedCall => ({
  action: 'iam:PassRole',
  resource,
  context: { 'iam:PassedToService': service },
});

/** What EC2 does with the key of a volume in the name of the caller (ebs/userguide/ebs-encryption-requirements). */
function useKey(resource: string, context: Readonly<Record<string, string>>): SimulatedCall[] {
  const use = ['DescribeKey', 'Decrypt', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom', 'ReEncryptTo'];
  return [
    ...use.map((name) => ({ action: `kms:${name}`, resource, context })),
    {
      action: 'kms:CreateGrant',
      resource,
      context: { ...context, 'kms:GrantIsForAWSResource': 'true' },
    },
  ];
}
const buildKey = `arn:aws:kms:${region}:${account}:key/11111111-2222-3333-4444-555555555555`;
const viaEc2 = { 'kms:ViaService': `ec2.${region}.amazonaws.com` };
const KEYS = {
  needs: [buildKey, OPTIONAL_VALUES.BuildKeyArn].flatMap((key) => useKey(key, viaEc2)),
  refuses: [
    ...useKey(buildKey, {}),
    ...useKey(buildKey, { 'kms:ViaService': `s3.${region}.amazonaws.com` }),
    ...useKey(`arn:aws:kms:${region}:999900001111:key/other`, viaEc2),
    { action: 'kms:CreateGrant', resource: buildKey, context: viaEc2 },
  ].filter(({ action }) => action !== 'kms:DescribeKey'),
};

const DEPENDENT: readonly Dependent[] = [
  {
    // imagebuilder/userguide/image-builder-service-linked-role
    action: 'imagebuilder:CreateImage',
    needs: [
      {
        action: 'iam:CreateServiceLinkedRole',
        resource: role('imagebuilder.amazonaws.com', 'AWSServiceRoleForImageBuilder'),
        context: { 'iam:AWSServiceName': 'imagebuilder.amazonaws.com' },
      },
    ],
    refuses: [
      {
        action: 'iam:CreateServiceLinkedRole',
        resource: role('autoscaling.amazonaws.com', 'AWSServiceRoleForAutoScaling'),
        context: { 'iam:AWSServiceName': 'autoscaling.amazonaws.com' },
      },
    ],
  },
  {
    // vpc/latest/userguide/vpc-sharing: a shared subnet is a resource of its owner.
    action: 'ec2:RunInstances',
    needs: [
      ...[account, '999900001111'].flatMap((owner) => {
        const vpc = `arn:aws:ec2:${region}:${owner}:vpc/${VALUES.BuildVpcId}`;
        return [
          runInstancesIn(vpc, `arn:aws:ec2:${region}:${owner}:subnet/${VALUES.BuildSubnetIds}`),
          runInstancesIn(vpc, `arn:aws:ec2:${region}:${account}:security-group/sg-0123456789abcdef0`),
        ];
      }),
      runInstancesIn(
        OPTIONAL_VALUES.OtherVpcs,
        `arn:aws:ec2:${region}:999900001111:subnet/subnet-0fedcba9876543210`,
      ),
      passRole(`arn:aws:iam::${account}:role/images/builder`),
      ...KEYS.needs,
    ],
    refuses: [
      runInstancesIn(
        `arn:aws:ec2:${region}:${account}:vpc/vpc-00000000000000000`,
        `arn:aws:ec2:${region}:${account}:subnet/subnet-00000000000000000`,
      ),
      passRole(`arn:aws:iam::${account}:role/administrator`),
      passRole(`arn:aws:iam::${account}:role/images/builder`, 'lambda.amazonaws.com'),
      ...KEYS.refuses,
    ],
  },
  {
    // The source of a copy, whichever key the build was given.
    action: 'ec2:CopyImage',
    ...KEYS,
  },
];

describe.each(DEPENDENT)('a role that may $action', ({ action, needs, refuses }) => {
  const holders = roles.filter(({ policies }) => hasAction(policies, action));

  it('may do what AWS asks for besides', () => {
    const denied = holders.flatMap(({ id, policies }) =>
      needs
        .filter((call) => !simulate(policies, call).allowed)
        .map((call) => `${id}: ${call.action} on ${call.resource}`),
    );

    expect(holders.length).toBeGreaterThan(0);
    expect(denied).toEqual([]);
  });

  it('may do no more than that', () => {
    const allowed = holders.flatMap(({ id, policies }) =>
      refuses
        .filter((call) => simulate(policies, call).allowed)
        .map((call) => `${id}: ${call.action} on ${call.resource}`),
    );

    expect(allowed).toEqual([]);
  });
});

function hasAction(policies: readonly Policy[], action: string): boolean {
  return policies.some(({ Statement }) => Statement.some(({ Action }) => Action.includes(action)));
}
