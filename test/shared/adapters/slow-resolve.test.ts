import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createSelectorResolver } from '../../../shared/adapters/selectors/resolver.ts';
import { TryLater } from '../../../shared/domain/base/errors.ts';
import type { Resolution } from '../../../shared/ports/selector-resolver.ts';

const SELECTOR = { kind: 'ssm', name: '/golden/base', region: 'eu-west-1' } as const;
const FOUND: Resolution = { found: true, version: 'ami-1', detail: {} };

/** A service that answers after so many seconds. */
function answeringAfter(seconds: number) {
  const ssm = () =>
    new Promise<Resolution>((answer) => {
      setTimeout(() => answer(FOUND), seconds * 1000);
    });
  return createSelectorResolver({ ssm }, { seconds: 10 }).resolve(SELECTOR);
}

describe('a service that takes its time', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is given up for now, before the function that asks runs out of time', async () => {
    const answer = expect(answeringAfter(3600)).rejects.toThrow(
      new TryLater('AWS took longer than 10 s to answer'),
    );
    await jest.advanceTimersByTimeAsync(10_000);
    await answer;
  });

  it('is heard when it answers in time, and nothing is left running', async () => {
    const answer = answeringAfter(9);
    await jest.advanceTimersByTimeAsync(9000);

    expect(await answer).toEqual(FOUND);
    expect(jest.getTimerCount()).toBe(0);
  });
});
