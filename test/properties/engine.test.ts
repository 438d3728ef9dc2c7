import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { engineWorld, playEngine } from './engine.ts';

describe('noticing and planning, whatever happens', () => {
  it('end fresh, bake once, in order, and leave nothing without a reason', async () => {
    await fc.assert(
      fc.asyncProperty(engineWorld, async (world) => {
        expect(await playEngine(world)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
