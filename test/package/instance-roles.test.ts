/** What the instances of builds and tests may do, held to the table of docs/aws/permissions.md and to the managed policies that AWS asks for. */
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { read } from '../architecture/imports.ts';
import { PolicySchema, simulate } from '../support/simulate-policy.ts';
import { listResources, resolved } from './packaged.ts';

/** aws-managed-policy/latest/reference/AmazonSSMManagedInstanceCore, version 2. */
const SSM_MANAGED_INSTANCE_CORE = [
  'ec2messages:AcknowledgeMessage',
  'ec2messages:DeleteMessage',
  'ec2messages:FailMessage',
  'ec2messages:GetEndpoint',
  'ec2messages:GetMessages',
  'ec2messages:SendReply',
  'ssm:DescribeAssociation',
  'ssm:DescribeDocument',
  'ssm:GetDeployablePatchSnapshotForInstance',
  'ssm:GetDocument',
  'ssm:GetManifest',
  'ssm:GetParameter',
  'ssm:GetParameters',
  'ssm:ListAssociations',
  'ssm:ListInstanceAssociations',
  'ssm:PutComplianceItems',
  'ssm:PutConfigurePackageResult',
  'ssm:PutInventory',
  'ssm:UpdateAssociationStatus',
  'ssm:UpdateInstanceAssociationStatus',
  'ssm:UpdateInstanceInformation',
  'ssmmessages:CreateControlChannel',
  'ssmmessages:CreateDataChannel',
  'ssmmessages:OpenControlChannel',
  'ssmmessages:OpenDataChannel',
];
/** aws-managed-policy/latest/reference/EC2InstanceProfileForImageBuilder, version 12. */
const INSTANCE_PROFILE_FOR_IMAGE_BUILDER = [
  'ec2:CreateSnapshot',
  'ec2:CreateTags',
  'ec2:DescribeSnapshots',
  'ec2:DescribeVolumes',
  'imagebuilder:GetComponent',
  'imagebuilder:GetMarketplaceResource',
  'kms:Decrypt',
  'logs:CreateLogGroup',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  's3:GetObject',
];

interface Row {
  readonly action: string;
  readonly build: boolean;
  readonly test: boolean;
  readonly why: string;
}

const rows: Row[] = read('docs/aws/permissions.md')
  .split('\n')
  .flatMap((line) => {
    const [, action, build, test, why] =
      /^\| `([a-z0-9]+:[A-Za-z]+)` \| (yes|no) \| (yes|no) \| (.+) \|$/.exec(line) ?? [];
    if (action === undefined || why === undefined) return [];
    return [{ action, build: build === 'yes', test: test === 'yes', why }];
  });

const RoleSchema = z.looseObject({
  Policies: z.array(z.object({ PolicyDocument: PolicySchema })),
  ManagedPolicyArns: z.array(z.string()).default([]),
});
function readRole(id: string) {
  const { Policies, ManagedPolicyArns } = RoleSchema.parse(
    listResources('AWS::IAM::Role').find((resource) => resource.id === id)?.properties,
  );
  const policies = Policies.map(({ PolicyDocument }) => PolicyDocument);
  const actions = policies.flatMap(({ Statement }) => Statement.flatMap(({ Action }) => Action));
  return { policies, actions: [...new Set(actions)].sort(), ManagedPolicyArns };
}

describe('the roles of instances', () => {
  it('are told with a reason for every action that the managed policies have', () => {
    const managed = [...SSM_MANAGED_INSTANCE_CORE, ...INSTANCE_PROFILE_FOR_IMAGE_BUILDER];

    expect(rows.map(({ action }) => action).sort()).toEqual([...new Set(managed)].sort());
    expect(rows.filter(({ why }) => why.length < 8)).toEqual([]);
  });

  it.each([
    ['BuildInstanceRole', 'build'],
    ['TestInstanceRole', 'test'],
  ] as const)('allow exactly what the table says: %s', (id, column) => {
    const { actions, ManagedPolicyArns } = readRole(id);
    const told = rows.filter((row) => row[column]).map(({ action }) => action);

    expect(actions).toEqual(told.sort());
    expect(ManagedPolicyArns).toEqual([]);
  });

  it.each(['BuildInstanceRole', 'TestInstanceRole'])(
    'let the agent register and take commands, and do nothing of State Manager: %s',
    (id) => {
      const { policies } = readRole(id);
      const instance = 'arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0';
      const may = (action: string, resource = '*') => simulate(policies, { action, resource }).allowed;

      expect(may('ssm:UpdateInstanceInformation', instance)).toBe(true);
      expect(may('ssmmessages:OpenControlChannel')).toBe(true);
      expect(may('ec2messages:GetMessages')).toBe(true);
      expect(may('ssm:PutInventory', instance)).toBe(false);
      expect(may('ssm:GetParameter', 'arn:aws:ssm:eu-west-1:111122223333:parameter/secret')).toBe(false);
    },
  );

  it('let a build read Image Builder’s own buckets and write its own log, and nothing beside', () => {
    const { policies } = readRole('BuildInstanceRole');
    const may = (action: string, resource: string) => simulate(policies, { action, resource }).allowed;

    expect(
      may('s3:GetObject', 'arn:aws:s3:::ec2imagebuilder-toe-eu-west-1-prod/latest/linux/x86_64/awstoe'),
    ).toBe(true);
    expect(may('s3:GetObject', 'arn:aws:s3:::company-secrets/key')).toBe(false);
    const streams = String(resolved({ 'Fn::GetAtt': ['BuildLogGroup', 'Arn'] })).replace(/:\*$/, '');
    expect(may('logs:PutLogEvents', `${streams}:log-stream:1.0.0/1`)).toBe(true);
    expect(
      may('logs:PutLogEvents', 'arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/x:log-stream:y'),
    ).toBe(false);
  });
});
