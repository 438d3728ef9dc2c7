import { describe, expect, it } from '@jest/globals';
import { MUTATION_NAMES, runMutated } from '../support/mutated.ts';
import { countOccurrences } from './engine/mutations.ts';

/** Those that show at once; test/full/mutations.test.ts plants all. */
const QUICK = ['no-ancestor-hold', 'no-debounce', 'string-compare-versions'] as const;

describe('the rules of the engine', () => {
  it.each(MUTATION_NAMES)('know where to plant the fault %s', (name) => {
    expect(countOccurrences(name)).toBe(1);
  });

  it.each(QUICK)(
    'find the planted fault %s',
    async (name) => {
      const { code, violations } = await runMutated(name, 200);

      expect(violations).not.toEqual([]);
      expect(code).toBe(1);
    },
    60_000,
  );
});
