import { describe, expect, it } from '@jest/globals';
import { PLANTED, runMutated } from '../support/mutated.ts';

describe('the rules of the worlds', () => {
  it.each(PLANTED)(
    'of %s find the planted fault %s within 2,000 runs',
    async (world, name) => {
      const { code, violations } = await runMutated(world, name, 2000);

      expect(violations).not.toEqual([]);
      expect(code).toBe(1);
    },
    600_000,
  );
});
