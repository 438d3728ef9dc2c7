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
