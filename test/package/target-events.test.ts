/** What target accounts may put on the default bus of the control account: keys of the policy have a value for each entry of a call. */
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { PolicySchema, simulate } from '../support/simulate-policy.ts';
import { listResources, stackContext, template } from './packaged.ts';

const StatementSchema = z.looseObject({ Principal: z.unknown() });
const ORGANIZATION = { TargetAccounts: '', OrganizationId: 'o-a1b2c3d4e5' };
const IMAGES = 'EC2 AMI State Change';

function mayPut(
  parameters: Readonly<Record<string, string>>,
  entries: readonly { source: string; type: string }[],
  organization = 'o-a1b2c3d4e5',
): boolean {
  const of = { template: template(), place: { ...stackContext, parameters: { ...parameters } } };
  const [policy] = listResources('AWS::Events::EventBusPolicy', of);
  const { Principal: _, ...statement } = StatementSchema.parse(policy?.properties.Statement);
  const call = {
    action: 'events:PutEvents',
    resource: `arn:aws:events:${stackContext.region}:${stackContext.account}:event-bus/default`,
    context: {
      'aws:PrincipalOrgID': organization,
      ...(entries.length === 0
        ? {}
        : {
            'events:source': entries.map(({ source }) => source),
            'events:detail-type': entries.map(({ type }) => type),
          }),
    },
  };
  return simulate([PolicySchema.parse({ Statement: statement })], call).allowed;
}

describe.each([
  ['a list of accounts', { TargetAccounts: '444455556666' }],
  ['an organization', ORGANIZATION],
])('a target of %s', (_, parameters) => {
  const image = { source: 'aws.ec2', type: IMAGES };

  it('may forward many events of its images at once', () => {
    expect(mayPut(parameters, [image])).toBe(true);
    expect(mayPut(parameters, [image, image])).toBe(true);
  });

  it('may forward nothing else, not even beside them', () => {
    expect(mayPut(parameters, [image, { source: 'aws.imagebuilder', type: IMAGES }])).toBe(false);
    expect(mayPut(parameters, [image, { source: 'aws.ec2', type: 'Parameter Store Change' }])).toBe(false);
    expect(mayPut(parameters, [{ source: 'ovenbird', type: 'Image Released' }])).toBe(false);
    expect(mayPut(parameters, [])).toBe(false);
  });
});

it('is asked for its organization where that is what was chosen', () => {
  expect(mayPut(ORGANIZATION, [{ source: 'aws.ec2', type: IMAGES }], 'o-zzzzzzzzzz')).toBe(false);
});
