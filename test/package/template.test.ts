import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { cfnLint } from '../../local-cloud/ministack/install.ts';
import { PARTITIONS } from '../../shared/domain/base/partitions.ts';
import { listResources, OWN_TEMPLATES, root, templateFile } from './packaged.ts';

const run = promisify(execFile);
const installMs = 300_000;

/** One of each partition. */
const REGIONS = PARTITIONS.map(({ regions: [first] }) => first);

/** Errors that cfn-lint finds, one line each. */
async function errorsIn(files: readonly string[]): Promise<string[]> {
  const lint = await cfnLint();
  const found = await run(
    lint,
    ['--format', 'parseable', '--regions', ...REGIONS, '--non-zero-exit-code', 'none', '--', ...files],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return found.stdout.split('\n').filter((line) => /:E\d{4}:/.test(line));
}

/**
 * cfn-lint 1.58 does not know two things that Step Functions does: a time-out as a JSONata expression, and the query language on a state of any
 * type (states-language.net: "TimeoutSeconds", "QueryLanguage"; the latter is written to each state when the service is packaged).
 */
function readable(value: unknown, depth = 0): unknown {
  if (Array.isArray(value)) return value.map((entry) => readable(entry, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => depth === 0 || key !== 'QueryLanguage')
      .map(([key, entry]) => [
        key,
        key === 'TimeoutSeconds' && typeof entry === 'string' ? 60 : readable(entry, depth + 1),
      ]),
  );
}

beforeAll(async () => {
  await cfnLint();
}, installMs);

describe('the packaged template', () => {
  it('has no error for cfn-lint', async () => {
    expect(await errorsIn([templateFile])).toEqual([]);
  });

  it('brings state machines that cfn-lint finds no error in', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ovenbird-machines-'));
    try {
      const files: string[] = [];
      for (const { id, properties } of listResources('AWS::StepFunctions::StateMachine')) {
        const file = join(folder, `${id}.json`);
        // In place of the substituted text: the definition as CloudFormation will hand it over, so that cfn-lint can read it.
        const { DefinitionString: text, ...rest } = properties;
        const Definition = readable(JSON.parse(String(text)));
        const Resources = {
          [id]: { Type: 'AWS::StepFunctions::StateMachine', Properties: { ...rest, Definition } },
        };
        await writeFile(file, JSON.stringify({ AWSTemplateFormatVersion: '2010-09-09', Resources }));
        files.push(file);
      }

      expect(files.length).toBeGreaterThan(0);
      expect(await errorsIn(files)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('the templates for target accounts and for other regions', () => {
  it.each(OWN_TEMPLATES)('%s has no error for cfn-lint', async (name) => {
    expect(await errorsIn([join(root, 'resources', name)])).toEqual([]);
  });
});
