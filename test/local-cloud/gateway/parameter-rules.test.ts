import { describe, expect, it } from '@jest/globals';
import type { Operation } from '../../../local-cloud/gateway/actions/operation.ts';
import { refusedParameter } from '../../../local-cloud/gateway/parameter-rules.ts';

const CALLER = { account: '111122223333', region: 'eu-west-1', accessKeyId: 'AKIA' };

/** The code that PutParameter is refused with, over a parameter that stands already or not. */
async function put(input: object, standing?: { type: string; dataType: string }, allowed = true) {
  const operation = { name: 'PutParameter', input: { Value: 'x', Type: 'String', ...input } };
  const answer = await refusedParameter(operation as unknown as Operation, CALLER, {
    authorize: async () => ({ allowed, message: '' }),
    readParameter: async () => standing && { ...standing, value: 'x', version: 1 },
  });
  return answer === undefined ? 'taken' : JSON.parse(String(answer.body)).__type;
}
const IMAGE = { type: 'String', dataType: 'aws:ec2:image' };
const TEXT = { type: 'String', dataType: 'text' };

describe('PutParameter', () => {
  it.each([
    ['/aws/golden/web', 'ValidationException'],
    ['/SSM/golden/web', 'ValidationException'],
    ['awsome', 'ValidationException'],
    ['/ovenbird//web', 'ValidationException'],
    ['/ovenbird/web/', 'ValidationException'],
    ['/ovenbird/{team}/web', 'ValidationException'],
    ['ovenbird/web', 'ValidationException'],
    [`/${'a'.repeat(1011)}`, 'ValidationException'],
    [`/a${'/b'.repeat(15)}`, 'HierarchyLevelLimitExceededException'],
    [`/a${'/b'.repeat(14)}`, 'taken'],
    ['/ovenbird/web/stable', 'taken'],
    ['golden-ami', 'taken'],
  ])('knows the names of Parameter Store: %s', async (Name, answer) => {
    expect(await put({ Name })).toBe(answer);
  });

  it.each([
    ['another data type', TEXT, { DataType: 'aws:ec2:image' }, 'ValidationException'],
    ['another data type, left out', IMAGE, {}, 'ValidationException'],
    ['another type', TEXT, { Type: 'StringList' }, 'HierarchyTypeMismatchException'],
    ['the same', IMAGE, { DataType: 'aws:ec2:image' }, 'taken'],
  ])('gives a parameter that stands no other type: %s', async (_, standing, more, answer) => {
    expect(await put({ Name: '/golden/web', Overwrite: true, ...more }, standing)).toBe(answer);
  });

  it('leaves what the caller may not do, and what is no overwriting, to Parameter Store itself', async () => {
    expect(await put({ Name: '/aws/golden' }, undefined, false)).toBe('taken');
    expect(await put({ Name: '/golden/web', DataType: 'aws:ec2:image' }, TEXT)).toBe('taken');
  });
});
