import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { beforeEach, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { lambdaTargetAccounts } from '../../../shared/adapters/lambda-target-accounts.ts';
import { TryLater } from '../../../shared/domain/base/errors.ts';

const lambda = mockClient(LambdaClient);
const create = (...listed: string[]) =>
  lambdaTargetAccounts(new LambdaClient({}), { listed, openTargets: 'ovenbird-dev-open-targets' });
const target = { account: '444455556666', region: 'eu-west-1' };
const answer = (value: unknown) => {
  const text = JSON.stringify(value);
  return { Payload: Object.assign(Buffer.from(text), { transformToString: () => text }) };
};
beforeEach(() => {
  lambda.reset();
});

it('an organization decides by the role of the account, which another function assumes', async () => {
  const closed = [{ account: target.account, problem: 'The role cannot be assumed.' }];
  lambda.on(InvokeCommand).resolves(answer(closed));

  expect(create().includes(target.account)).toBe(true);
  expect(await create().findClosed([target])).toEqual(closed);
  const input = lambda.commandCalls(InvokeCommand)[0]?.args[0].input;
  expect(input?.FunctionName).toBe('ovenbird-dev-open-targets');
  expect(JSON.parse(String(input?.Payload))).toEqual({ targets: [target] });
});

it('a list decides alone, and nothing is called', async () => {
  const accounts = create('444455556666');

  expect([accounts.includes('444455556666'), accounts.includes('777788889999')]).toEqual([true, false]);
  expect(await accounts.findClosed([target])).toEqual([]);
  expect(await create().findClosed([])).toEqual([]);
  expect(lambda.commandCalls(InvokeCommand)).toEqual([]);
});

it('is asked again later when the function failed', async () => {
  lambda.on(InvokeCommand).resolves({ FunctionError: 'Unhandled', ...answer({ errorType: 'TryLater' }) });

  await expect(create().findClosed([target])).rejects.toBeInstanceOf(TryLater);
});
