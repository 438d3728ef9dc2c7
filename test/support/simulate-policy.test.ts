import { describe, expect, it } from '@jest/globals';
import { matches, PolicySchema, simulate, withoutStatement } from './simulate-policy.ts';

const table = 'arn:aws:dynamodb:eu-west-1:111122223333:table/things';

function policy(...statements: unknown[]) {
  return PolicySchema.parse({ Version: '2012-10-17', Statement: statements });
}

describe('a simulated policy', () => {
  const reads = policy({ Sid: 'Read', Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: table });

  it('allows what a statement names and says which one', () => {
    const verdict = simulate([reads], { action: 'dynamodb:GetItem', resource: table });

    expect(verdict.allowed).toBe(true);
    expect(verdict.by.map((statement) => statement.Sid)).toEqual(['Read']);
  });

  it('denies another action, another resource, and everything once the statement is taken away', () => {
    expect(simulate([reads], { action: 'dynamodb:PutItem', resource: table }).allowed).toBe(false);
    expect(simulate([reads], { action: 'dynamodb:GetItem', resource: `${table}-2` }).allowed).toBe(false);
    expect(
      simulate(withoutStatement([reads], 'Read'), { action: 'dynamodb:GetItem', resource: table }),
    ).toEqual({ allowed: false, by: [], reason: 'nothing allows it' });
  });

  it('lets a deny win over any allow', () => {
    const denies = policy({ Sid: 'Never', Effect: 'Deny', Action: ['dynamodb:*'], Resource: ['*'] });

    const verdict = simulate([reads, denies], { action: 'dynamodb:GetItem', resource: table });

    expect(verdict.reason).toBe('explicitly denied');
    expect(verdict.by.map((statement) => statement.Sid)).toEqual(['Never']);
  });

  it('ignores the case of actions and minds the case of resources', () => {
    expect(simulate([reads], { action: 'DynamoDB:getitem', resource: table }).allowed).toBe(true);
    expect(simulate([reads], { action: 'dynamodb:GetItem', resource: table.toUpperCase() }).allowed).toBe(
      false,
    );
  });

  it('takes wildcards in a resource literally in all else', () => {
    expect(matches('arn:aws:s3:::a.b/*', 'arn:aws:s3:::a.b/c/d')).toBe(true);
    expect(matches('arn:aws:s3:::a.b/*', 'arn:aws:s3:::axb/c')).toBe(false);
    expect(matches('i-????', 'i-12345')).toBe(false);
  });
});

describe('a condition', () => {
  const allowIf = (condition: unknown) =>
    policy({ Effect: 'Allow', Action: 'ec2:CreateTags', Resource: '*', Condition: condition });
  const asked = (condition: unknown, context?: Record<string, string | string[]>) =>
    simulate([allowIf(condition)], {
      action: 'ec2:CreateTags',
      resource: 'arn:aws:ec2:eu-west-1::image/ami-1',
      ...(context === undefined ? {} : { context }),
    }).allowed;

  it('must hold for every operator and key, and for one of the values', () => {
    const condition = {
      StringEquals: { 'ec2:CreateAction': ['CopyImage', 'RunInstances'], 'aws:RequestedRegion': 'eu-west-1' },
    };

    expect(asked(condition, { 'ec2:CreateAction': 'RunInstances', 'aws:RequestedRegion': 'eu-west-1' })).toBe(
      true,
    );
    expect(asked(condition, { 'ec2:CreateAction': 'RunInstances', 'aws:RequestedRegion': 'eu-west-2' })).toBe(
      false,
    );
    expect(asked(condition, { 'ec2:CreateAction': 'RunInstances' })).toBe(false);
  });

  it('fails when the key is absent, unless the operator is negated or says IfExists', () => {
    expect(asked({ StringLike: { 'aws:RequestTag/a': '*' } })).toBe(false);
    expect(asked({ StringNotEquals: { 'aws:RequestTag/a': 'x' } })).toBe(true);
    expect(asked({ StringEqualsIfExists: { 'aws:RequestTag/a': 'x' } })).toBe(true);
    expect(asked({ Null: { 'aws:RequestTag/a': 'true' } })).toBe(true);
  });

  it('compares booleans as text and ARNs part by part', () => {
    expect(
      asked({ Bool: { 'kms:GrantIsForAWSResource': true } }, { 'kms:GrantIsForAWSResource': 'true' }),
    ).toBe(true);
    const source = { 'aws:SourceArn': 'arn:aws:sns:eu-west-1:111122223333:topic' };
    expect(asked({ ArnLike: { 'aws:SourceArn': 'arn:aws:sns:*:111122223333:topic' } }, source)).toBe(true);
    expect(asked({ ArnLike: { 'aws:SourceArn': 'arn:aws:*:topic' } }, source)).toBe(false);
  });

  it('quantifies over keys with many values', () => {
    const only = { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } };

    expect(asked(only, { 'aws:TagKeys': ['a', 'b'] })).toBe(true);
    expect(asked(only, { 'aws:TagKeys': ['a', 'c'] })).toBe(false);
    expect(asked(only)).toBe(true);
    expect(
      asked({ 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['a'] } }, { 'aws:TagKeys': ['a', 'c'] }),
    ).toBe(true);
  });

  it('is an error when its operator is unknown, never a guess', () => {
    expect(() => asked({ NumericLessThan: { 's3:max-keys': '10' } })).toThrow('NumericLessThan');
  });
});
