/** What people mistype, and what neither a file nor a schema tells: said by apply and by plan, before anything bakes. */
import { expect, it } from '@jest/globals';
import { InvalidDefinition } from '../../shared/domain/base/errors.ts';
import { previewPlan } from '../../shared/use-cases/preview/preview-plan.ts';
import { applyInput, collectProblems, inputWorld, loadInput } from './inputs.ts';

const FILE = 'root-volume-size/pipeline.yml';
const targets = (account: string, region: string) => ({
  distribution: { targets: [{ account, regions: [region] }] },
});

it.each([
  [
    'another architecture',
    { build: { instanceTypes: ['t4g.medium'] } },
    'build.instanceTypes[0]',
    'is for arm64',
  ],
  [
    'an unknown type',
    { tests: { instanceTypes: ['t3.mega'] } },
    'tests.instanceTypes[0]',
    'is no instance type',
  ],
  [
    'a region',
    targets('444455556666', 'eu-wset-1'),
    'distribution.targets[0].regions[0]',
    'is no region of AWS',
  ],
  [
    'an account',
    targets('999988887777', 'eu-west-1'),
    'distribution.targets[0].account',
    'is no target account of this installation',
  ],
])('a mistake is said by apply and by plan: %s', async (_, change, field, message) => {
  const world = inputWorld();
  world.strangers.add('999988887777');
  const definition = loadInput(FILE).definition;
  const changed = {
    ...definition,
    ...Object.fromEntries(
      Object.entries(change).map(([part, value]) => [part, { ...Reflect.get(definition, part), ...value }]),
    ),
  };
  const problem = { field, message: expect.stringContaining(message), fix: expect.any(String) };

  expect(await applyInput(world, FILE, () => changed)).toEqual([problem]);
  expect(world.changes()).toEqual([]);
  const plan = previewPlan(world.ports, { definitions: [changed], changes: [] });
  const said = await plan.then(
    () => [],
    (error: unknown) =>
      collectProblems(() => {
        throw error;
      }),
  );
  expect(said).toEqual([{ ...problem, file: 'larger-root' }]);
  await expect(plan).rejects.toBeInstanceOf(InvalidDefinition);
});
