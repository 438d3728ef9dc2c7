import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as YAML from 'yaml';
import * as z from 'zod';
import { read, root } from '../architecture/imports.ts';

interface Chosen {
  readonly root: string;
  readonly stage: string;
  readonly command: string;
  readonly options: { readonly param: readonly string[] };
  readonly resolveVariable: (name: string) => Promise<unknown>;
}
const { chosenParameters }: { chosenParameters: (asked: Chosen) => Promise<Map<string, string>> } =
  createRequire(__filename)(join(root, 'scripts/service/parameters.cjs'));

const CONTROL = '111122223333';
const NEEDED = {
  ControlAccount: CONTROL,
  FirstApprover: 'image-owners@example.com',
  BuildVpcId: 'vpc-0123456789abcdef0',
  BuildSubnetIds: 'subnet-0123456789abcdef0',
  TargetAccounts: '444455556666,777788889999',
  TargetExternalId: 'an-external-id',
};

/** Deploys with these values, as far as the parameters; the credentials are of the control account. */
function chosen(values: Readonly<Record<string, string>>, own = root, account = CONTROL) {
  return chosenParameters({
    root: own,
    stage: 'test',
    command: 'deploy',
    options: { param: Object.entries(values).map(([name, value]) => `${name}=${value}`) },
    resolveVariable: async () => account,
  });
}

describe('what a user chooses', () => {
  it.each([
    ['MostBakesAtOnce', 'abc', 'must be a whole number'],
    ['MostBakesAtOnce', '1.5', 'must be a whole number'],
    ['MostBakesAtOnce', '', 'must be a whole number'],
    ['MostBakesOfTeamAtOnce', '0', 'must be at least 1'],
    ['LargestWave', '-3', 'must be at least 1'],
    ['ControlAccount', '1111', 'must be an AWS account id of 12 digits'],
  ])('%s = "%s" is refused before anything is created', async (name, value, why) => {
    await expect(chosen({ ...NEEDED, [name]: value })).rejects.toThrow(`${name}: "${value}" ${why}`);
  });

  it('is taken when it is as asked', async () => {
    const values = await chosen({ ...NEEDED, MostBakesAtOnce: '7' });

    expect(values.get('MostBakesAtOnce')).toBe('7');
  });

  it('is refused with credentials of another account than the chosen one', async () => {
    await expect(chosen(NEEDED, root, '999999999999')).rejects.toThrow(
      `ControlAccount: you chose ${CONTROL}, but these credentials belong to 999999999999`,
    );
  });

  it('stands in the table of the page about deploying, every parameter and nothing else', () => {
    const declared = z
      .object({ Parameters: z.record(z.string(), z.unknown()) })
      .parse(YAML.parse(read('resources/parameters.yml')));
    const [, chapter = ''] = read('docs/operations/deploy.md').split(/^## /m);
    const cells = chapter.split('\n').map((row) => row.split('|')[1] ?? '');
    const named = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));

    expect(named.sort()).toEqual(Object.keys(declared.Parameters).sort());
  });
});

describe('a declaration', () => {
  let own = '';
  beforeAll(() => {
    own = mkdtempSync(join(tmpdir(), 'ovenbird-parameters-'));
    mkdirSync(join(own, 'resources'));
    const Parameters = {
      Size: { Type: 'Number', MaxValue: 10 },
      Mode: { Type: 'String', AllowedValues: ['fast', 'safe'] },
      Names: { Type: 'CommaDelimitedList', MinLength: 2, MaxLength: 4 },
      Code: { Type: 'String', AllowedPattern: '[a-z]+' },
    };
    writeFileSync(join(own, 'resources', 'parameters.yml'), YAML.stringify({ Parameters }));
  });
  afterAll(() => rmSync(own, { recursive: true }));

  it.each([
    ['Size', '11', 'must be at most 10'],
    ['Mode', 'slow', 'must be one of fast, safe'],
    ['Names', 'a', 'must have at least 2 characters'],
    ['Names', 'abcde', 'must have at most 4 characters'],
    ['Code', 'A1', 'must match [a-z]+'],
  ])('is held to, whatever it asks: %s = "%s"', async (name, value, why) => {
    const right = { Size: '10', Mode: 'safe', Names: 'ab, abcd', Code: 'abc' };

    await expect(chosen(right, own)).resolves.toBeInstanceOf(Map);
    await expect(chosen({ ...right, [name]: value }, own)).rejects.toThrow(`${name}: "${value}" ${why}`);
  });
});
