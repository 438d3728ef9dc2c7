import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { playRetention, retentionGiven } from './retention/play.ts';

/** Enough to see at once that a rule is broken; `npm test` plays some hundreds more. */
describe('releases, whatever uses them, is closed, stops and is wanted back', () => {
  it('end when nothing uses them, and only then', async () => {
    const sum = { removed: 0, undone: 0 };
    const property = fc.asyncProperty(retentionGiven, async (given) => {
      const played = await playRetention(given);
      expect(played.broken).toEqual([]);
      sum.removed += played.removed;
      sum.undone += played.undone;
    });

    await fc.assert(property, { numRuns: 200, seed: 12 });

    expect(sum.removed).toBeGreaterThan(50);
    expect(sum.undone).toBeGreaterThan(10);
  }, 60_000);
});
