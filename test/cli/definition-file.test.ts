import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { loadDefinitions } from '../../cli/definition-file.ts';
import { InvalidDefinition, type Problem } from '../../shared/domain/errors.ts';
import { definitionWith, NOT_YET } from '../support/odd-definitions.ts';

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
