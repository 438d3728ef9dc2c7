import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { loadDefinitions } from '../../cli/definition-file.ts';
import type { Problem } from '../../shared/domain/base/errors.ts';
import { DefinitionSchema } from '../../shared/domain/definitions/definition.ts';
import { parseDefinition } from '../../shared/use-cases/definitions/parse-definition.ts';
import { previewPlan } from '../../shared/use-cases/preview/preview-plan.ts';
import { applyInput, collectProblems, findInput, inputWorld, loadInput, validateInput } from './inputs.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ovenbird-inputs-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The text of an input, or of that text changed, as a file of its own. */
function writeFile(text: string, name = 'pipeline.yml'): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}
const read = (file: string) => readFileSync(findInput(file), 'utf8');
const PLAIN = read('root-volume-size/pipeline.yml');
const validateText = (text: string) => collectProblems(() => void loadDefinitions([writeFile(text)]));
const shown = (problems: readonly Problem[]) => problems.map(({ file: _, ...problem }) => problem);

/** What the service says of a definition that its schema takes. */
function parseAsService(definition: object): readonly Problem[] {
  return collectProblems(() => void parseDefinition(inputWorld().ports, definition));
}

describe('ovenbird validate finds what the service finds in the file alone', () => {
  it('times that never come, and modes without what they need', () => {
    expect(shown(validateInput('impossible-times/times.yml'))).toMatchObject([
      { field: 'triggers.schedule.timeZone', line: 8, message: 'Mars/Olympus is no time zone' },
      { field: 'triggers.schedule.expression', line: 8, message: expect.stringContaining('99 is no minute') },
    ]);
    expect(shown(validateInput('impossible-times/freeze.yml'))).toMatchObject([
      { field: 'triggers.schedule', line: 6, message: expect.stringContaining('is missing') },
      { field: 'triggers.freeze[0].to', line: 9, message: 'is not after from' },
      { field: 'triggers.freeze[1].opens', line: 10, message: expect.stringContaining('never comes') },
    ]);
  });

  it.each([
    ['a version', 'components: [{ component: tool/1.x.3 }]', 'components[0].component'],
    [
      'a repetition',
      'components: [{ component: tool/1.x.x }, { component: tool/2.x.x }]',
      'components[1].component',
    ],
    ['an input that is the base', 'inputs: [{ ssm: /aws/service/case/base }]', 'inputs[0]'],
    ['a large parameter', `distribution: { parameter: '/aws/${'x'.repeat(10)}' }`, 'distribution.parameter'],
  ])('%s', (_, line, field) => {
    const text = `${PLAIN}${line}\n`;
    const [problem] = validateText(text);
    const { definition } = loadInput('root-volume-size/pipeline.yml');

    expect(problem).toMatchObject({ field, line: expect.any(Number) });
    expect(parseAsService({ ...definition, ...parse(line) })).toMatchObject([
      { field, message: problem?.message },
    ]);
  });

  it.each([
    ['container', 'base: { container: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/web }', 'base.container'],
    [
      'lookup',
      'base: { lookup: { owner: self, name: corp-*, architecture: arm64 } }',
      'base.lookup.architecture',
    ],
  ])('a base that cannot be built on: %s', (_, line, field) => {
    const text = PLAIN.replace('base: { ssm: /aws/service/case/base }', line);

    expect(validateText(text)).toMatchObject([{ field }]);
  });
});

describe('time zones', () => {
  const backward = [
    'PST8PDT',
    'EST5EDT',
    'CST6CDT',
    'MST7MDT',
    'GMT0',
    'Etc/GMT0',
    'Etc/GMT+5',
    'EST',
    'W-SU',
  ];

  it('have every name that the IANA database knows', async () => {
    for (const file of ['zone-names/pst8pdt.yml', 'zone-names/gmt0.yml']) {
      expect(validateInput(file)).toEqual([]);
      expect(await applyInput(inputWorld(), file)).toEqual([]);
    }
    const { triggers } = loadInput('zone-names/gmt0.yml').definition;
    const refused = [...Intl.supportedValuesOf('timeZone'), ...backward].filter((timeZone) => {
      const schedule = { ...triggers.schedule, timeZone };
      const freeze = [{ reason: 'closed', opens: 'cron(0 8 * * ? *)', timeZone, lasts: '1h' }];
      const definition = {
        ...loadInput('zone-names/gmt0.yml').definition,
        triggers: { ...triggers, schedule, freeze },
      };
      return parseAsService(definition).length > 0;
    });

    expect(refused).toEqual([]);
  });
});

describe('a parameter whose name Parameter Store does not take', () => {
  it.each([
    ['unknown-placeholder', 'has {team}, which stands for nothing', '{pipeline} or {channel}'],
    ['empty-level', '/ovenbird//web/ has an empty level', 'Write /ovenbird/web'],
    ['too-many-levels', 'has 17 levels, and a parameter at most 15', 'fewer'],
    ['begins-with-aws', 'begins with aws, which AWS keeps', 'another word'],
    ['begins-with-ssm', 'begins with SSM, which AWS keeps', 'another word'],
  ])('is refused by validate and by apply: %s', async (name, message, fix) => {
    const file = `parameter-names/${name}.yml`;
    const problem = {
      field: 'distribution.parameter',
      message: expect.stringContaining(message),
      fix: expect.stringContaining(fix),
    };

    expect(validateInput(file)).toMatchObject([{ ...problem, line: 9 }]);
    const { distribution } = DefinitionSchema.parse(parse(read(file)));
    expect(
      parseAsService({ ...loadInput('root-volume-size/pipeline.yml').definition, distribution }),
    ).toMatchObject([problem]);
  });

  it('is refused when it is too long with the name of its pipeline', () => {
    const parameter = `/${'p'.repeat(960)}/{pipeline}-{pipeline}-{pipeline}-{pipeline}-{pipeline}`;

    expect(validateText(`${PLAIN}distribution: { parameter: '${parameter}' }\n`)).toMatchObject([
      { message: expect.stringContaining('characters, and a parameter at most 1011') },
    ]);
  });
});

describe('a base in a parameter whose name is no path', () => {
  it('is named as it is', async () => {
    const world = inputWorld();
    world.parameters.set('golden-ami', 'ami-0aaaaaaaaaaaaaaaa');

    expect(validateInput('parameter-without-slash/pipeline.yml')).toEqual([]);
    expect(await applyInput(world, 'parameter-without-slash/pipeline.yml')).toEqual([]);
    expect(world.pipeline('parameter-without-slash').spec.base).toEqual({
      kind: 'ssm',
      name: 'golden-ami',
      region: 'eu-west-1',
    });
  });

  it('is moved by a plan as it is named', async () => {
    const world = inputWorld();
    world.parameters.set('golden-ami', 'ami-0aaaaaaaaaaaaaaaa');
    await applyInput(world, 'parameter-without-slash/pipeline.yml');

    const plan = await previewPlan(world.ports, {
      definitions: [],
      changes: [{ selector: 'ssm:golden-ami', version: 'ami-0bbbbbbbbbbbbbbbb' }],
    });

    expect(plan.moved).toMatchObject([{ selector: 'ssm:eu-west-1:golden-ami', to: 'ami-0bbbbbbbbbbbbbbbb' }]);
  });

  it.each(['golden-ami:3', 'golden-ami:stable', 'golden.ami_2'])('may be pinned: %s', (name) => {
    expect(validateText(read('parameter-without-slash/pipeline.yml').replace('golden-ami', name))).toEqual(
      [],
    );
  });

  it.each(['golden/ami', 'golden ami'])('is refused where Parameter Store has no such name: %s', (name) => {
    expect(
      validateText(read('parameter-without-slash/pipeline.yml').replace('golden-ami', name)),
    ).toMatchObject([{ field: 'base.ssm' }]);
  });
});

it.each(['aws-marketplace', 'third-party', 'aws', 'aws-managed', '444455556666'])(
  'components and images may belong to any owner that Image Builder knows: %s',
  (owner) => {
    const text = read('marketplace-components/pipeline.yml');
    const arn = `arn:aws:imagebuilder:eu-west-1:${owner}`;

    expect(validateText(text)).toEqual([]);
    expect(validateText(text.replaceAll(/arn:aws:imagebuilder:eu-west-1:[a-z-]+/g, arn))).toEqual([]);
    expect(
      validateText(text.replace('ssm: /aws/service/case/base', `image: ${arn}:image/base/x.x.x`)),
    ).toEqual([]);
  },
);

describe('a fix that puts a value in quotes', () => {
  it.each([['account-with-leading-zero/pipeline.yml', '012345678901', "put it in quotes: '012345678901'"]])(
    'keeps it as it stands in the file: %s',
    (file, source, fix) => {
      expect(validateInput(file)).toMatchObject([
        { field: 'distribution.targets[0].account', message: `must be text, not ${source}`, fix },
      ]);
      expect(validateText(read(file).replace(source, `'${source}'`))).toEqual([]);
    },
  );

  it.each(['1e3', '0x1F', '1.0', '0o17', 'true', '0.10'])('whatever YAML reads of it: %s', (source) => {
    expect(validateText(PLAIN.replace('name: larger-root', `name: ${source}`))).toMatchObject([
      { field: 'name', fix: `put it in quotes: '${source}'` },
    ]);
  });
});

describe('a definition from another machine is the same definition', () => {
  const digest = (file: string) => {
    const [loaded] = loadDefinitions([file]);
    return parseDefinition(inputWorld().ports, loaded?.definition).digest;
  };
  const suite = read('suite-with-crlf/boots.sh');
  const definition = read('suite-with-crlf/pipeline.yml');
  const unix = suite.replaceAll('\r', '');

  it('sends a suite with the line ends of Unix, whatever the file has', () => {
    expect(suite).toContain('\r\n');
    expect(loadInput('suite-with-crlf/pipeline.yml').definition.tests.suites[0]?.script).toBe(unix.trimEnd());
  });

  it.each([
    ['line ends of Windows', suite, definition],
    ['line ends of Windows in the definition', unix, definition.replaceAll('\n', '\r\n')],
    ['a byte order mark in the suite', `\uFEFF${unix}`, definition],
    ['a byte order mark in the definition', unix, `\uFEFF${definition}`],
    ['no line end at the end', unix.trimEnd(), definition.trimEnd()],
  ])('with %s', (_, script, text) => {
    writeFile(unix, 'boots.sh');
    const wanted = digest(writeFile(definition));
    writeFile(script, 'boots.sh');

    expect(digest(writeFile(text))).toBe(wanted);
  });
});

describe('what is no YAML of one definition is said in words of our own', () => {
  it('for two definitions in one file', () => {
    expect(shown(validateInput('two-documents/both.yml'))).toEqual([
      {
        field: '',
        line: 7,
        message: 'holds a second definition from here on; a file holds one',
        fix: 'put each into a file of its own',
      },
    ]);
  });

  it.each([
    ['begins with ---', `---\n${PLAIN}`],
    ['ends with ---', `${PLAIN}---\n`],
    ['ends with ...', `${PLAIN}...\n`],
    ['has an empty second document', `${PLAIN}---\n# nothing\n`],
  ])('and is taken where it %s', (_, text) => {
    expect(validateText(text)).toEqual([]);
  });

  it.each([
    ['a field twice', `${PLAIN}name: other\n`, 'has this field twice', 9],
    ['a tab', `${PLAIN}gates:\n\tpackages: {}\n`, 'tab', 10],
    ['an alias of nothing', `${PLAIN}description: *text\n`, 'an alias that leads nowhere', undefined],
    ['a tag', `${PLAIN}description: !secret text\n`, 'has a tag', 9],
    ['an open quote', `${PLAIN}description: "text\n`, 'a quote or bracket is open', undefined],
    ['nothing', '# nothing yet\n', 'is empty', 1],
  ])('for %s', (_, text, message, line) => {
    const [problem] = validateText(text);

    expect(problem?.message).toContain(message);
    expect(problem?.fix).toBeDefined();
    if (line !== undefined) expect(problem?.line).toBe(line);
    expect(problem?.message).not.toMatch(/yaml\.|parse|unresolved|collection/i);
  });
});

describe('a list that is too long', () => {
  it('is refused at its first entry that is too many, with how many there are and what to do', () => {
    expect(shown(validateInput('more-than-100-targets/many.yml'))).toEqual([
      {
        field: 'distribution.targets[100]',
        line: 108,
        message: 'is one of 103 targets, and there may be 100',
        fix: expect.stringContaining('a second pipeline'),
      },
    ]);
  });

  it.each([
    ['components', 20, (n: number) => ({ component: `part-${n}/1.0.0` })],
    ['inputs', 20, (n: number) => ({ ssm: `/corp/${n}` })],
    ['tests.components', 20, (n: number) => ({ component: `check-${n}/1.0.0` })],
    ['tests.suites', 20, (n: number) => ({ name: `suite-${n}`, script: 'true' })],
    ['tests.instanceTypes', 5, () => 't3.small'],
    ['build.instanceTypes', 5, () => 't3.small'],
    ['build.dataVolumes', 10, (n: number) => ({ device: `/dev/sd${'abcdefghijkl'[n]}`, sizeGiB: 8 })],
    ['approval.approvers', 20, (n: number) => `p${n}@example.com`],
    [
      'triggers.freeze',
      20,
      () => ({ reason: 'x', from: '2026-12-24T00:00:00Z', to: '2026-12-25T00:00:00Z' }),
    ],
    ['distribution.targets', 100, (n: number) => ({ account: String(1e11 + n), regions: ['eu-west-1'] })],
  ])('has the same words everywhere: %s', (field, most, entry) => {
    const given = loadInput('root-volume-size/pipeline.yml').definition;
    const [part = '', name] = field.split('.');
    const list = Array.from({ length: most + 2 }, (_, index) => entry(index));
    const definition =
      name === undefined
        ? { ...given, [part]: list }
        : { ...given, [part]: { ...Reflect.get(given, part), [name]: list } };
    const problem = {
      field: `${field}[${most}]`,
      message: expect.stringMatching(new RegExp(`^is one of ${most + 2} .+, and there may be ${most}$`)),
      fix: expect.any(String),
    };

    expect(parseAsService(definition)).toContainEqual(problem);
    expect(validateText(stringify(definition))).toContainEqual(expect.objectContaining(problem));
  });
});
