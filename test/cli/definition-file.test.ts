import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { loadDefinitions } from '../../cli/definition-file.ts';
import { InvalidDefinition, type Problem } from '../../shared/domain/errors.ts';
import { definitionWith, NOT_YET, suitesOf } from '../support/odd-definitions.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ovenbird-definitions-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What `ovenbird validate` finds, without file and line. */
function problemsOf(definition: object): Pick<Problem, 'field' | 'message' | 'fix'>[] {
  const file = join(folder, 'definition.yml');
  writeFileSync(file, stringify(definition));
  try {
    loadDefinitions([file]);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidDefinition)) throw error;
    return error.problems.map(({ file: _, line: __, ...problem }) => problem);
  }
}

describe('a field that a later release implements', () => {
  it.each(NOT_YET)('is refused as the service does: %s', (field, value, what) => {
    const [problem, ...more] = problemsOf(definitionWith(field, value));

    expect(problem).toMatchObject({
      field,
      message: expect.stringMatching(new RegExp(`^${what} is not implemented yet; remove the field$`, 'i')),
    });
    expect(more).toEqual([]);
  });
});

it('a definition that is too large to be stored is refused, with the text of script files', () => {
  writeFileSync(join(folder, 'large.sh'), 'x'.repeat(59_000));
  const suites = suitesOf(350).map((suite, index) =>
    index === 0 ? { ...suite, script: './large.sh' } : suite,
  );

  expect(problemsOf(definitionWith('tests.suites', suitesOf(350)))).toEqual([]);
  expect(
    problemsOf(
      definitionWith('tests.suites', [
        ...suites,
        ...suitesOf(25).map((suite) => ({ ...suite, name: 'more' })),
      ]),
    ),
  ).toMatchObject([{ field: 'tests.suites', fix: expect.stringContaining('Shorten the scripts') }]);
});
