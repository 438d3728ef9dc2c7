import { describe, expect, it } from '@jest/globals';
import { callAws } from '../../../shared/adapters/aws-client.ts';
import { TryLater } from '../../../shared/domain/base/errors.ts';

/** As the SDK throws it; what is not given is not there. */
function thrown(name: string, more: object = {}): Error {
  return Object.assign(new Error(`${name} happened`), { name, ...more });
}
const answered = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });

describe('what AWS answers', () => {
  it.each([
    ['a throttle by its name', thrown('ThrottlingException', answered(400))],
    ['a throttle by its status', thrown('SomethingNew', answered(429))],
    ['a fault of the service, whatever its name', thrown('KMSInternalException', answered(500))],
    ['a gateway that gave up', thrown('504', answered(504))],
    ['what the SDK knows to pass', thrown('PriorRequestNotComplete', { $retryable: {}, ...answered(400) })],
    ['a network that is gone', thrown('Error', { code: 'ENETUNREACH' })],
    ['names that cannot be looked up now', thrown('Error', { code: 'EAI_AGAIN' })],
  ])('is worth another try: %s', async (_, error) => {
    const call = callAws(() => Promise.reject(error));

    await expect(call).rejects.toThrow(TryLater);
    await expect(call).rejects.toThrow(`${error.name} happened`);
  });

  it.each([
    ['a refusal', thrown('AccessDeniedException', answered(403))],
    ['a mistake of our own', new TypeError('x is undefined')],
    ['a redirect', thrown('PermanentRedirect', answered(301))],
    ['a trait that is not set', thrown('ParameterNotFound', { $retryable: undefined, ...answered(400) })],
  ])('stays what it is: %s', async (_, error) => {
    await expect(callAws(() => Promise.reject(error))).rejects.toBe(error);
  });
});
