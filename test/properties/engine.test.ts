import { describe, expect, it } from '@jest/globals';
import { engineWorld, pickKind } from './engine/engine-world.ts';
import { shrinkFailure } from './runs.ts';

/** `npm run properties` plays thousands; here are enough to see at once that a rule is broken. */
const RUNS = Array.from({ length: 40 }, (_, run) => run).filter((run) => pickKind(run) !== 'crashed');

describe('detect and reconcile, whatever happens', () => {
  it('end fresh, bake once, in order, and leave nothing without a reason', async () => {
    for (const run of RUNS)
      expect(await shrinkFailure(engineWorld, 2026, run, 20)).toMatchObject({ smallest: null });
  }, 60_000);
});
