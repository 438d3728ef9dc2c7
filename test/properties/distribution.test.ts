import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { distributions, FAULTS, type Fault, violationsOf, violationsOfTwo } from './distribution-rules.ts';

const faults = Object.keys(FAULTS) as Fault[];

/** Enough to see at once that a rule is broken; `npm test` plays a thousand more. */
describe('a distribution, whatever crashes, fails, refuses and is put off', () => {
  it('keeps every rule', async () => {
    const property = fc.asyncProperty(distributions, async (given) => {
      expect(await violationsOf(given)).toEqual([]);
    });

    await fc.assert(property, { numRuns: 200 });
  });

  it('keeps every rule when two runs do the same beside each other', async () => {
    const property = fc.asyncProperty(distributions, fc.scheduler(), async (given, scheduler) => {
      expect(await violationsOfTwo(given, scheduler)).toEqual([]);
    });

    await fc.assert(property, { numRuns: 60 });
  });

  it.each(faults)('is found out when it has the fault %s', async (fault) => {
    const property = fc.asyncProperty(distributions, async (given) => {
      // A fault may show as an error of its own instead.
      const broken = await violationsOf(given, fault).catch((error: unknown) => [error]);
      return broken.length === 0;
    });

    const { failed } = await fc.check(property, { numRuns: 5000, endOnFailure: true });

    expect(failed).toBe(true);
  });
});
