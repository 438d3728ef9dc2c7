/** Loops of functions and queues, as the packaged template has them: Lambda ends each after 16 rounds unless its functions are allowed to go on. */
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { PolicySchema, simulate } from '../support/simulate-policy.ts';
import { listResources, resolved } from './packaged.ts';

const MappingSchema = z.looseObject({ EventSourceArn: z.string(), FunctionName: z.string() });
const RoleSchema = z.looseObject({
  Policies: z.array(z.object({ PolicyDocument: PolicySchema })).default([]),
});

const roles = new Map(
  listResources('AWS::IAM::Role').map(({ id, properties }) => [
    String(resolved({ 'Fn::GetAtt': [id, 'Arn'] })),
    RoleSchema.parse(properties).Policies.map(({ PolicyDocument }) => PolicyDocument),
  ]),
);
const functions = listResources('AWS::Lambda::Function').map(({ id, properties }) => ({
  id,
  arn: String(resolved({ 'Fn::GetAtt': [id, 'Arn'] })),
  policies: roles.get(String(properties.Role)) ?? [],
  isAllowed: properties.RecursiveLoop === 'Allow',
}));
const mappings = listResources('AWS::Lambda::EventSourceMapping')
  .map(({ properties }) => MappingSchema.parse(properties))
  .filter(({ EventSourceArn }) => EventSourceArn.includes(':sqs:'));

/** Functions that run because of what this one sends. */
function listNext({ policies }: (typeof functions)[number]): typeof functions {
  return mappings
    .filter(
      ({ EventSourceArn }) =>
        simulate(policies, { action: 'sqs:SendMessage', resource: EventSourceArn }).allowed,
    )
    .flatMap(({ FunctionName }) => functions.filter(({ arn }) => arn === FunctionName));
}

function isOnLoop(one: (typeof functions)[number]): boolean {
  const reached = new Set<string>();
  const open = listNext(one);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.id === one.id) return true;
    if (reached.has(next.id)) continue;
    reached.add(next.id);
    open.push(...listNext(next));
  }
  return false;
}

describe('a loop of functions and queues', () => {
  it('may go on for longer than 16 rounds, and nothing else may', () => {
    const loops = functions.filter(isOnLoop).map(({ id }) => id);

    expect(loops).toContain('ReconcilePipelinesLambdaFunction');
    expect(functions.filter(({ isAllowed }) => isAllowed).map(({ id }) => id)).toEqual(loops);
  });
});
