/** The service in every partition and for many target accounts: what is written for one partition is refused in another, and policies have limits. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { PARTITIONS } from '../../shared/domain/base/partitions.ts';
import { PolicySchema } from '../support/simulate-policy.ts';
import { allTemplates, listResources, stackContext, template, templateFile } from './packaged.ts';

describe('the packaged service', () => {
  it('names no ARN of one partition', () => {
    const text = readFileSync(templateFile, 'utf8');
    // A pattern or a description may show an example; neither is used as an ARN.
    const { Parameters: _, ...rest } = JSON.parse(text) as Record<string, unknown>;

    expect(JSON.stringify(rest).match(/arn:aws[a-z-]*:[a-z0-9-]*:[^"]{0,40}/g) ?? []).toEqual([]);
  });

  it('hears of objects in the buckets that were chosen alone', () => {
    const [rule] = listResources('AWS::Events::Rule').filter(({ id }) => id === 'SourceChangedRule');

    expect(rule?.properties.EventPattern).toMatchObject({ detail: { bucket: { name: ['our-sources'] } } });
  });

  it.each(PARTITIONS.map(({ name }) => name))('has ARNs of %s alone there', (partition) => {
    const parameters = {
      SourceObjects: `arn:${partition}:s3:::our-sources/*`,
      OtherVpcs: `arn:${partition}:ec2:eu-west-1:222233334444:vpc/vpc-0fedcba9876543210`,
      InstanceRoles: `arn:${partition}:iam::111122223333:role/images/*`,
      BuildKeyArn: `arn:${partition}:kms:eu-west-1:222233334444:key/66666666-7777-8888-9999-000000000000`,
    };
    const place = { ...stackContext, partition, parameters };
    const types = [
      'AWS::IAM::Role',
      'AWS::SQS::QueuePolicy',
      'AWS::Events::EventBusPolicy',
      'AWS::Lambda::Function',
    ];
    const arns = types
      .flatMap((type) => listResources(type, { template: template(), place }))
      .flatMap(({ properties }) => JSON.stringify(properties).match(/arn:aws[a-z-]*:/g) ?? []);

    expect([...new Set(arns)]).toEqual([`arn:${partition}:`]);
  });
});

describe('policies', () => {
  const accounts = (count: number) =>
    Array.from({ length: count }, (_, index) => String(100_000_000_000 + index)).join(',');
  /** Characters of inline policies of a role (IAM/latest/UserGuide/reference_iam-quotas), bytes of the policy of a bus (eventbridge/latest/userguide/eb-quota). */
  const MOST = 10_240;

  it.each([
    ['1 account', { TargetAccounts: accounts(1) }],
    ['200 accounts, the most that a list may have', { TargetAccounts: accounts(200) }],
    ['an organization of any size', { TargetAccounts: '', OrganizationId: 'o-a1b2c3d4e5' }],
  ])('fit their quotas with %s', (_, parameters: Record<string, string>) => {
    const of = { template: template(), place: { ...stackContext, parameters } };
    const sizes = [
      ...listResources('AWS::IAM::Role', of).map(({ id, properties }) => {
        const policies = (properties.Policies ?? []) as { PolicyDocument: unknown }[];
        return [id, JSON.stringify(policies.map(({ PolicyDocument }) => PolicyDocument)).length] as const;
      }),
      ...listResources('AWS::Events::EventBusPolicy', of).map(
        ({ id, properties }) => [id, JSON.stringify(properties.Statement).length] as const,
      ),
    ];

    expect(sizes.filter(([, size]) => size > MOST)).toEqual([]);
  });

  it('ask for the organization where that is what was chosen', () => {
    const place = { ...stackContext, parameters: { TargetAccounts: '', OrganizationId: 'o-a1b2c3d4e5' } };
    const roles = listResources('AWS::IAM::Role', { template: template(), place });
    const assuming = roles.flatMap(({ properties }) =>
      ((properties.Policies ?? []) as { PolicyDocument: unknown }[])
        .flatMap(({ PolicyDocument }) => PolicySchema.parse(PolicyDocument).Statement)
        .filter(({ Action }) => Action.includes('sts:AssumeRole'))
        .map(({ Condition }) => Condition),
    );

    expect(assuming.length).toBeGreaterThan(0);
    for (const condition of assuming)
      expect(condition).toEqual({ StringEquals: { 'aws:ResourceOrgID': ['o-a1b2c3d4e5'] } });
  });
});

describe('every role', () => {
  it('has the path and the boundary that were chosen', () => {
    const parameters = {
      RolePath: '/platform/',
      PermissionsBoundary: 'arn:aws:iam::111122223333:policy/boundary',
      RoleRegion: stackContext.region,
    };
    const roles = allTemplates().flatMap(({ template: own, place }) =>
      listResources('AWS::IAM::Role', {
        template: own,
        place: { ...place, parameters: { ...place.parameters, ...parameters } },
      }),
    );

    expect(roles.length).toBeGreaterThan(30);
    for (const { id, properties } of roles)
      expect([id, properties.Path, properties.PermissionsBoundary]).toEqual([
        id,
        parameters.RolePath,
        parameters.PermissionsBoundary,
      ]);
  });
});
