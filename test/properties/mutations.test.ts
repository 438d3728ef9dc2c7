import { describe, expect, it } from '@jest/globals';
import { PLANTED, runMutated } from '../support/mutated.ts';
import { findMutation } from './mutations.ts';
import { countOccurrences } from './planting.ts';

/** Those that show at once; test/full/mutations.test.ts plants all. */
const QUICK = [
  ['engine', 'no-ancestor-hold'],
  ['engine', 'no-debounce'],
  ['engine', 'string-compare-versions'],
  ['approval', 'count-barred-vote'],
  ['retention', 'forget-reference'],
] as const;

describe('the rules of the worlds', () => {
  it.each(PLANTED)('of %s know where to plant the fault %s', (world, name) => {
    const mutation = findMutation(world, name);

    expect(mutation === undefined ? [] : new Set(countOccurrences(mutation))).toEqual(new Set([1]));
  });

  it.each(QUICK)(
    'of %s find the planted fault %s',
    async (world, name) => {
      const { code, violations } = await runMutated(world, name, 200);

      expect(violations).not.toEqual([]);
      expect(code).toBe(1);
    },
    60_000,
  );
});
