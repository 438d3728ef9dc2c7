import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type Distribution,
  distributions,
  FAULTS,
  type Fault,
  findViolations,
  findViolationsOfConcurrentRuns,
} from './distribution-rules.ts';

const COPY = { account: '444455556666', region: 'eu-west-1' } as const;
/** What has broken a rule once, and how. */
const BROKEN_BEFORE: readonly Distribution[] = [
  // A best-effort target refused its launch template, and AWS wanted us to come back when its copy was to be removed.
  {
    specs: [
      { ...COPY, required: false, launchTemplate: true },
      { ...COPY, region: 'us-east-1' },
    ],
    retained: { specs: [], startsAt: 'Test', between: false, gone: [] },
    crashes: [],
    failures: { '444455556666': 1 },
    refusing: { account: '444455556666', after: 1 },
    throttles: [53, 19],
    parameterLooks: 0,
    stopped: undefined,
  },
];

const faults = Object.keys(FAULTS) as Fault[];

/** Enough to see at once that a rule is broken; `npm test` plays a thousand more. */
describe('a distribution, whatever crashes, fails, refuses and is put off', () => {
  it('keeps every rule', async () => {
    const property = fc.asyncProperty(distributions, async (given) => {
      expect(await findViolations(given)).toEqual([]);
    });

    await fc.assert(property, { numRuns: 200, examples: BROKEN_BEFORE.map((given) => [given]) });
  });

  it('keeps every rule when two runs do the same beside each other', async () => {
    const property = fc.asyncProperty(distributions, fc.scheduler(), async (given, scheduler) => {
      expect(await findViolationsOfConcurrentRuns(given, scheduler)).toEqual([]);
    });

    await fc.assert(property, { numRuns: 60 });
  });

  it.each(faults)('is found out when it has the fault %s', async (fault) => {
    const property = fc.asyncProperty(distributions, async (given) => {
      // A fault may show as an error of its own instead.
      const broken = await findViolations(given, fault).catch((error: unknown) => [error]);
      return broken.length === 0;
    });

    const { failed } = await fc.check(property, { numRuns: 5000, endOnFailure: true });

    expect(failed).toBe(true);
  });
});
