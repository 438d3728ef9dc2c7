import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { approvalGiven } from './approval/given.ts';
import { playApproval } from './approval/play.ts';

/** Enough to see at once that a rule is broken; `npm test` plays some hundreds more. */
describe('approvals, whatever votes, crashes, expires, ends and is lost', () => {
  it('keep every rule, and come to every end', async () => {
    const ends = new Set<string>();
    const property = fc.asyncProperty(approvalGiven, async (given) => {
      const played = await playApproval(given);
      expect(played.broken).toEqual([]);
      for (const end of played.ends) ends.add(end);
    });

    await fc.assert(property, { numRuns: 300, seed: 7 });

    const reached = [
      'approved',
      'approved by several votes',
      'approved asked again',
      'approved taken over',
      'rejected',
      'expired',
      'void',
    ];
    expect(reached.filter((end) => !ends.has(end))).toEqual([]);
  }, 120_000);
});
