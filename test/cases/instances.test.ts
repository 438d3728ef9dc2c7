import { describe, expect, it } from '@jest/globals';
import { keys } from '../../shared/domain/base/naming.ts';
import { startBuild } from '../../shared/use-cases/bakes/start-build.ts';
import { launchTestInstance } from '../../shared/use-cases/tests/launch-test-instance.ts';
import { BAKE, bakeWorld, REF } from '../support/bake-world.ts';
import { applyInput, inputWorld, loadInput, validateInput } from './inputs.ts';

/** What the engine is asked to build of the definition in a file. */
async function startBuildFrom(file: string) {
  const { build, tests } = loadInput(file).definition;
  const world = bakeWorld({ build, tests });
  await world.fill();
  await startBuild(world, REF);
  return { world, request: [...world.engine.started.values()][0] };
}

it('the agent of Systems Manager can be kept in an image whose base has none', async () => {
  expect(validateInput('keep-ssm-agent/rhel.yml')).toEqual([]);
  expect(await applyInput(inputWorld(), 'keep-ssm-agent/rhel.yml')).toEqual([]);
  expect((await startBuildFrom('keep-ssm-agent/rhel.yml')).request).toMatchObject({ removesAgent: false });
  expect((await startBuildFrom('root-volume-size/pipeline.yml')).request).not.toHaveProperty('removesAgent');
});

describe('tags of a definition', () => {
  it('are on build and test instances', async () => {
    expect(validateInput('instance-tags/tagged.yml')).toEqual([]);
    const { world, request } = await startBuildFrom('instance-tags/tagged.yml');
    const tags = { 'cost-center': '4711', owner: 'platform' };

    expect(request).toMatchObject({ instanceTags: tags });
    await world.table.write([
      { update: keys.artifact(BAKE, 'x86-64'), set: { artifact: world.makeArtifact() } },
    ]);
    await launchTestInstance(world, {
      ...REF,
      variant: 'x86-64',
      instanceType: 't3.small',
      suites: ['boots'],
    });
    expect([...world.instances.all.values()][0]?.tags).toMatchObject({
      ...tags,
      'ovenbird:pipeline': 'web',
    });
  });

  it.each([
    [{ 'aws:team': 'x' }, 'has a tag that begins with "aws:"'],
    [{ 'ovenbird:bake': 'x' }, 'or "ovenbird:"'],
    [{ 'cost center': 'x' }, 'must be a tag of 1 to 128 letters'],
    [{ owner: 'x'.repeat(257) }, '256'],
    [
      Object.fromEntries(Array.from({ length: 26 }, (_, index) => [`t${index}`, 'x'])),
      'has more than 25 tags',
    ],
  ])('are refused where AWS would: %j', async (instanceTags, message) => {
    for (const part of ['build', 'tests'] as const) {
      const problems = await applyInput(inputWorld(), 'instance-tags/tagged.yml', (definition) => ({
        ...definition,
        [part]: { ...definition[part], instanceTags },
      }));
      expect(problems).toMatchObject([
        {
          field: expect.stringContaining(`${part}.instanceTags`),
          message: expect.stringContaining(message),
        },
      ]);
    }
  });
});
