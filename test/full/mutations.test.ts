import { describe, expect, it } from '@jest/globals';
import { MUTATION_NAMES, runMutated } from '../support/mutated.ts';

describe('the rules of the engine', () => {
  it.each(MUTATION_NAMES)(
    'find the planted fault %s within 2,000 runs',
    async (name) => {
      const { code, violations } = await runMutated(name, 2000);

      expect(violations).not.toEqual([]);
      expect(code).toBe(1);
    },
    600_000,
  );
});
