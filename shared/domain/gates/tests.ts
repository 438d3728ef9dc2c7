import type { GateKind, GateSubject } from './gate.ts';

/** The verdict of the suites and test components, which the test machine has recorded for each image. */
export const tests = {
  name: 'tests',
  judge({ images }) {
    const failures = images.flatMap(({ variant, verdict, testFailures = [] }) => {
      if (verdict === 'passed') return [];
      return testFailures.length > 0 ? testFailures : [`${variant}: its tests have not passed`];
    });
    if (images.length === 0) failures.push('there is no image to judge');
    return {
      outcome: failures.length === 0 ? 'passed' : 'failed',
      reasons: failures.length === 0 ? ['all tests have passed'] : failures,
      evidence: { images: images.map(({ variant, verdict }) => ({ variant, verdict: verdict ?? 'none' })) },
    };
  },
} as const satisfies GateKind<undefined, GateSubject>;
