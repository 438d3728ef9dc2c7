import { describe, expect, it } from '@jest/globals';
import { calling } from '../../../shared/adapters/aws-client.ts';

const failing = (name: string, facts: object) =>
  calling(async () => {
    throw Object.assign(new Error('as AWS says it'), { name, ...facts });
  });

describe('an error of AWS', () => {
  it.each([
    ['a name that says so', 'ThrottlingException', {}],
    ['the status of a server that failed', 'SomethingNew', { $metadata: { httpStatusCode: 503 } }],
    ['the SDK', 'SomethingElse', { $retryable: { throttling: false } }],
  ])('is worth another try by %s', async (_, name, facts) => {
    await expect(failing(name, facts)).rejects.toMatchObject({
      name: 'TryLater',
      message: expect.stringContaining(`${name}: as AWS says it`),
    });
  });

  it('stays what it is otherwise', async () => {
    const facts = { $metadata: { httpStatusCode: 400 } };

    await expect(failing('ValidationException', facts)).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});
