import { describe, expect, it } from '@jest/globals';
import { DefinitionSchema } from '../../../shared/domain/definitions/definition.ts';

const SUITE = { name: 'boots', script: 'true' };
const PLAIN = {
  apiVersion: 'ovenbird.dev/v1',
  name: 'web',
  base: { ssm: '/aws/service/base' },
  tests: { suites: [SUITE] },
  approval: { required: false },
};

/** What is wrong with a definition, each with its field. */
function problemsOf(given: object): string[] {
  const parsed = DefinitionSchema.safeParse({ ...PLAIN, ...given });
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a definition', () => {
  it('is taken as it is where it asks for nothing special', () => {
    expect(problemsOf({})).toEqual([]);
  });

  it.each([
    ['build.engine', { build: { engine: 'packer' } }],
    ['build.source', { build: { source: 's3://bucket/archive.zip' } }],
    ['build.container', { build: { container: {} } }],
    ['gates.vulnerabilities', { gates: { vulnerabilities: {} } }],
    ['gates.policy', { gates: { policy: 'permit;' } }],
    ['approval.quorum', { approval: { required: false, quorum: 2 } }],
    ['approval.reminders', { approval: { required: false, reminders: ['1d'] } }],
    ['distribution.organizations', { distribution: { organizations: ['o-1'] } }],
    ['distribution.rings', { distribution: { rings: 2 } }],
    ['lifecycle.retention', { lifecycle: { retention: { keep: 3 } } }],
    [
      'variants',
      {
        variants: [
          { name: 'x86', architecture: 'x86_64' },
          { name: 'arm', architecture: 'arm64' },
        ],
      },
    ],
  ])('is refused where it names %s, which is not implemented yet', (field, given) => {
    expect(problemsOf(given)).toEqual([expect.stringMatching(`^${field}: .*not implemented yet`)]);
  });

  it.each([
    [
      'tests.suites.0.timeout',
      (timeout: string) => ({ tests: { suites: [{ ...SUITE, timeout }] } }),
      '1s',
      '2d',
    ],
    ['build.timeout', (timeout: string) => ({ build: { timeout } }), '1m', '13d'],
    [
      'approval.expiresAfter',
      (expiresAfter: string) => ({ approval: { required: false, expiresAfter } }),
      '1m',
      '30d',
    ],
  ])('keeps %s within what can be waited', (field, given, least, most) => {
    expect([...problemsOf(given(least)), ...problemsOf(given(most))]).toEqual([]);
    for (const wrong of ['0s', '400d'])
      expect(problemsOf(given(wrong))).toEqual([
        expect.stringContaining(`${field}: must be from ${least} to ${most}`),
      ]);
    expect(problemsOf(given('soon'))).toEqual([expect.stringContaining('whole number with a unit')]);
  });

  it('is refused where it would not fit into the row that keeps it', () => {
    const suites = (count: number) => ({
      tests: {
        suites: Array.from({ length: count }, (_, index) => ({
          name: `suite-${index}`,
          script: 'ü'.repeat(30_000),
        })),
      },
    });

    expect(problemsOf(suites(4))).toEqual([]);
    expect(problemsOf(suites(6))).toEqual([expect.stringMatching(/^tests\.suites: .*362 kB.*300 kB/)]);
  });
});
