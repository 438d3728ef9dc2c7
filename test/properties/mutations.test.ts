import { describe, expect, it } from '@jest/globals';
import { MUTATION_NAMES, mutated } from '../support/mutated.ts';

/** Those that show at once; test/full/mutations.test.ts plants all. */
const QUICK = ['no-ancestor-hold', 'no-debounce', 'string-compare-versions'];

describe('the rules of the engine', () => {
  it('are tried with every fault that is known', () => {
    expect(MUTATION_NAMES).toEqual(expect.arrayContaining(QUICK));
    expect(MUTATION_NAMES.length).toBeGreaterThanOrEqual(14);
  });

  it.each(QUICK)(
    'find the planted fault %s',
    async (name) => {
      const { code, violations } = await mutated(name, 200);

      expect(violations).not.toEqual([]);
      expect(code).toBe(1);
    },
    60_000,
  );
});
