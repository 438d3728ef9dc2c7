import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import * as z from 'zod';
import { loadDefinitions } from '../../cli/definition-file.ts';
import { definitionSchema } from '../../scripts/definition-schema.ts';
import { InvalidDefinition, type Problem } from '../../shared/domain/base/errors.ts';
import { buildSuites, definitionWith, UNSUPPORTED_FIELDS } from '../support/odd-definitions.ts';

const FormSchema = z.object({ pattern: z.string(), examples: z.array(z.string()).optional() });
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ovenbird-definitions-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What `ovenbird validate` finds, without file and line. */
function listProblems(definition: object): Pick<Problem, 'field' | 'message' | 'fix'>[] {
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
  it.each(UNSUPPORTED_FIELDS)('is refused as the service does: %s', (field, value, what) => {
    const [problem, ...more] = listProblems(definitionWith(field, value));

    expect(problem).toMatchObject({
      field,
      message: expect.stringMatching(new RegExp(`^${what} is not implemented yet; remove the field$`, 'i')),
    });
    expect(more).toEqual([]);
  });
});

it('a definition that is too large to be stored is refused, with the text of script files', () => {
  writeFileSync(join(folder, 'large.sh'), 'x'.repeat(59_000));
  const suites = buildSuites(350).map((suite, index) =>
    index === 0 ? { ...suite, script: './large.sh' } : suite,
  );

  expect(listProblems(definitionWith('tests.suites', buildSuites(350)))).toEqual([]);
  expect(
    listProblems(
      definitionWith('tests.suites', [
        ...suites,
        ...buildSuites(25).map((suite) => ({ ...suite, name: 'more' })),
      ]),
    ),
  ).toMatchObject([{ field: 'tests.suites', fix: expect.stringContaining('Shorten the scripts') }]);
});

describe('what is wrong has a fix where the schema can tell it', () => {
  const at = (field: string, value: unknown) => listProblems(definitionWith(field, value))[0];
  const suite = { name: 'boots', script: 'true' };
  const target = { account: '444455556666', regions: ['eu-west-1'] };

  it.each([
    ['build.imageBuilderTest', true, 'build.imageBuilderTest', 'did you mean imageBuilderTests?'],
    ['tests.suites', [{ ...suite, time: '1m' }], 'tests.suites[0].time', 'did you mean timeout?'],
    [
      'distribution.targets',
      [{ ...target, regoins: [] }],
      'distribution.targets[0].regoins',
      'did you mean regions?',
    ],
    ['base', { pipeline: 'al2023', chanel: 'x' }, 'base.chanel', 'did you mean channel?'],
    ['base', { ssm: '/a', chanel: 'x' }, 'base.chanel', 'remove it; here are allowed ssm'],
    ['inputs', [{ source: { bucket: 'my-own', kye: 'x' } }], 'inputs[0].source.kye', 'did you mean key?'],
    ['gates.polycy', 'strict', 'gates.polycy', 'remove it; here are allowed packages'],
    [
      'triggers.freeze',
      [{ reason: 'x', opens: 'cron(0 8 * * ? *)', last: '1h' }],
      'triggers.freeze[0].lasts',
      'add lasts',
    ],
  ])('an unknown field: %s %j', (field, value, named, fix) => {
    const problem = listProblems(definitionWith(field, value)).find((entry) => entry.field === named);

    expect(problem?.fix).toBe(fix);
  });

  it.each([
    ['triggers.mode', 'imediate', 'must be "immediate" or "schedule" or "manual"', 'did you mean immediate?'],
    [
      'triggers.mode',
      'nightly',
      'must be "immediate" or "schedule" or "manual"',
      'write immediate or schedule or manual',
    ],
    ['apiVersion', 'v2', 'must be "ovenbird.dev/v1"', 'write ovenbird.dev/v1'],
    [
      'distribution.targets',
      [{ ...target, account: '4444' }],
      'must be an AWS account id: 12 digits, in quotes',
      "write it like '123456789012'",
    ],
    [
      'team',
      'The Platform',
      'must be 1 to 40 of a-z, 0-9 and "-", and start with a letter',
      'write it like platform',
    ],
    [
      'build.timeout',
      'soon',
      'must be a whole number with a unit, such as 90s, 15m, 2h or 3d',
      'write it like 15m',
    ],
    ['approval.approvers', ['ada'], 'must be an e-mail address', 'write it like ada@example.com'],
    [
      'base',
      { ami: 'al2023' },
      'must be an AMI id such as ami-0f3c9a1b2d4e5f678',
      'write it like ami-0f3c9a1b2d4e5f678',
    ],
    [
      'triggers.freeze',
      [{ reason: 'x', from: 'now', to: '2026-12-24T00:00:00Z' }],
      'must be a date and time with its zone',
      'write it like 2026-12-24T00:00:00Z',
    ],
  ])('a value that does not fit: %s %j', (field, value, message, fix) => {
    expect(at(field, value)).toMatchObject({ field: expect.stringContaining(field), message, fix });
  });

  it('every text that has a form says which, and shows one that has it', () => {
    const forms = textsWithForm(definitionSchema());

    expect(forms.length).toBeGreaterThan(20);
    for (const { pattern, examples } of forms) expect(examples?.[0]).toMatch(new RegExp(pattern));
  });
});

/** Fields of the schema with a pattern, in every form of a definition. */
function textsWithForm(schema: unknown): { pattern: string; examples?: string[] | undefined }[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const inner = Object.values(schema).flatMap(textsWithForm);
  return 'pattern' in schema && typeof schema.pattern === 'string'
    ? [FormSchema.parse(schema), ...inner]
    : inner;
}

describe('files that name each other', () => {
  const fileOf = (name: string, inputs: string[]): string => {
    const file = join(folder, `${name}.yml`);
    const spec = { ...definitionWith('name', name), inputs: inputs.map((pipeline) => ({ pipeline })) };
    writeFileSync(file, stringify(spec));
    return file;
  };

  it('are put into order by their inputs, too', () => {
    const files = [fileOf('web-server', ['tools']), fileOf('tools', [])];

    expect(loadDefinitions(files).map(({ definition }) => definition.name)).toEqual(['tools', 'web-server']);
  });

  it('in a circle are refused with its path, at the field that closes it', () => {
    const files = [fileOf('web-server', ['tools']), fileOf('tools', ['web-server'])];

    expect(() => loadDefinitions(files)).toThrow(
      expect.objectContaining({
        problems: [
          expect.objectContaining({
            field: 'inputs[0].pipeline',
            message: 'these pipelines would depend on each other: web-server -> tools -> web-server',
          }),
        ],
      }),
    );
  });
});
