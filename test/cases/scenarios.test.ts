/** Scenarios that fit their schema and cannot be played all the same. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { findScenarioProblems } from '../../local/scenario/check.ts';
import { ScenarioSchema } from '../../local/scenario/schema.ts';
import { findInput } from './inputs.ts';

const FILE = findInput('scenario-without-targets/scenario.yml');
const repository = join(import.meta.dirname, '../..');

function check(file: string, change: (scenario: object) => object = (scenario) => scenario) {
  const scenario = ScenarioSchema.parse(change(parse(readFileSync(file, 'utf8'), { merge: true })));
  return findScenarioProblems(scenario, dirname(file));
}
const targets = [{ account: '444455556666', regions: ['eu-west-1'] }];
const withTargets = (more: object) => (scenario: object) => ({ ...scenario, targets, ...more });

describe('a scenario is refused before anything starts', () => {
  it('where it has no target account', () => {
    expect(check(FILE)).toEqual([{ field: 'targets', message: 'name at least one account' }]);
    expect(check(FILE, withTargets({}))).toEqual([]);
  });

  it.each([
    [
      { control: { account: '444455556666', region: 'eu-west-1' } },
      'targets[0].account',
      'is the control account',
    ],
    [{ timeline: [{ do: { apply: ['gone.yml'] } }] }, 'timeline[0].do.apply[0]', 'gone.yml does not exist'],
    [
      { components: [{ name: 'a', version: '1.0.0', file: 'a.yml' }] },
      'components[0].file',
      'a.yml does not',
    ],
    [{ timeline: [{ do: { apply: ['scenario.yml'] } }] }, 'timeline[0].do.apply[0]', 'is no field'],
    [
      { expect: [{ released: { pipeline: 'other' } }] },
      'expect[0].released.pipeline',
      'applies a pipeline other',
    ],
  ])('where it cannot be played: %j', (more, field, message) => {
    expect(check(FILE, withTargets(more))).toContainEqual({
      field,
      message: expect.stringContaining(message),
    });
  });

  it('where nobody is there to approve', () => {
    const file = join(repository, 'examples/short/one-image.yml');

    expect(check(file, (scenario) => ({ ...scenario, approvers: [] }))).toEqual([
      { field: 'approvers', message: expect.stringContaining('asks: they get mails and answer') },
    ]);
  });
});

it('every scenario of the repository can be played', () => {
  const files = execFileSync('git', ['grep', '-l', '^timeline:', '--', 'examples/*.yml'], { cwd: repository })
    .toString()
    .trim()
    .split('\n');

  expect(files.length).toBeGreaterThan(20);
  expect(files.flatMap((file) => check(join(repository, file)))).toEqual([]);
});
