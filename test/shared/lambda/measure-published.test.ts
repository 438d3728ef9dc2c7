import { describe, expect, it } from '@jest/globals';
import { ulid } from 'ulid';
import { leadTimeSeconds, nameMetric } from '../../../shared/lambda/measure-published.ts';

describe('the lead time of a release', () => {
  const detected = Date.UTC(2026, 10, 21, 8);
  const released = new Date(detected + 90_000);

  it('counts from the first of its causes', () => {
    const causes = [ulid(detected + 30_000), ulid(detected)];

    expect(leadTimeSeconds(causes, released)).toBe(90);
  });

  it('is unknown without a cause that says when it was detected', () => {
    expect(leadTimeSeconds([], released)).toBeUndefined();
    expect(leadTimeSeconds(['forced'], released)).toBeUndefined();
  });

  it('is never negative, whatever the clocks say', () => {
    expect(leadTimeSeconds([ulid(detected + 100_000)], released)).toBe(0);
  });
});

describe('the metric of a published event', () => {
  it.each([
    ['failed', 'BakeFailed'],
    ['rejected', 'BakeRejected'],
    ['expired', 'BakeExpired'],
  ])('of a bake that was %s is %s, so that an alarm hears of failures alone', (state, name) => {
    expect(nameMetric({ detailType: 'Ovenbird Bake Failed', detail: { state } })).toBe(name);
  });
});
