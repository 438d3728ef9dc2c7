import { describe, expect, it } from '@jest/globals';
import { InvalidDefinition, type Problem } from '../../../shared/domain/base/errors.ts';
import { applyDefinition } from '../../../shared/use-cases/definitions/apply-definition.ts';
import { deletePipeline } from '../../../shared/use-cases/definitions/delete-pipeline.ts';
import { buildSuites, definitionWith, UNSUPPORTED_FIELDS } from '../../support/odd-definitions.ts';
import { BASE_PARAMETER, reconcileWorld } from '../../support/reconcile-world.ts';

const base = { ssm: BASE_PARAMETER };

/** What is wrong with a definition; nothing of one that is refused may have been written. */
async function readProblems(
  definition: object,
  path?: { team: string; name: string },
): Promise<readonly Problem[]> {
  const world = reconcileWorld();
  try {
    await applyDefinition(world.ports, { definition, by: 'anna', ...(path === undefined ? {} : { path }) });
    return [];
  } catch (error) {
    if (!(error instanceof InvalidDefinition)) throw error;
    expect(world.changes()).toEqual([]);
    return error.problems;
  }
}

describe('a field that a later release implements', () => {
  it.each(UNSUPPORTED_FIELDS)('is refused: %s', async (field, value, what) => {
    expect(await readProblems({ ...definitionWith(field, value), base })).toEqual([
      { field, message: `${what} is not implemented yet; remove the field` },
    ]);
  });

  it('is refused where there are two variants', async () => {
    const variants = ['x86_64', 'arm64'].map((architecture, index) => ({ name: `v${index}`, architecture }));

    expect(await readProblems({ ...definitionWith('variants', variants), base })).toEqual([
      { field: 'variants', message: 'more than one variant is not implemented yet; keep one' },
    ]);
  });
});

const suite = (more: object) => [{ name: 'boots', script: 'true', ...more }];
const volumes = (...devices: string[]) => devices.map((device) => ({ device, sizeGiB: 8 }));
const numbered = (count: number) => Array.from({ length: count }, (_, index) => index);
const tags = (count: number) => Object.fromEntries(numbered(count).map((index) => [`tag-${index}`, 'x']));
const freeze = (lasts: string) => [{ reason: 'closed', opens: 'cron(0 8 * * ? *)', lasts }];

describe('a number that something outside the definition bounds', () => {
  it.each([
    ['build.timeout', ['1s', '13d'], ['0s', '14d'], 'must be 1s to 13d: the machine that waits for a build'],
    ['approval.expiresAfter', ['1s', '47d'], ['0s', '48d'], 'must be 1s to 47d: a bake ends after 90 days'],
    ['distribution.deprecateAfter', ['2d', '3650d'], ['0s', '1d', '3651d'], 'must be 2d to 3650d: EC2 takes'],
    ['build.rootVolumeGiB', [1, 16_000], [16_001], 'must be at most 16000: EC2 Image Builder'],
    ['distribution.tags', [tags(40)], [tags(41)], 'has more than 40 tags: AWS takes 50'],
    [
      'distribution.tags',
      [{ 'my:aws': 'x' }],
      [{ 'aws:team': 'x' }, { 'ovenbird:bake': 'x' }],
      'has a tag that',
    ],
  ])('is refused beyond it: %s', async (field, taken, refused, message) => {
    for (const value of taken)
      expect(await readProblems({ ...definitionWith(field, value), base })).toEqual([]);
    for (const value of refused)
      expect(await readProblems({ ...definitionWith(field, value), base })).toEqual([
        { field, message: expect.stringContaining(message) },
      ]);
  });

  it.each([
    [
      'tests.suites',
      suite({ timeout: '2d' }),
      suite({ timeout: '0s' }),
      '[0].timeout',
      'must be 1s to 2d: Run Command',
    ],
    [
      'tests.suites',
      suite({ timeout: '1s' }),
      suite({ timeout: '3d' }),
      '[0].timeout',
      'must be 1s to 2d: Run Command',
    ],
    [
      'build.dataVolumes',
      volumes('/dev/sdf', '/dev/sdg'),
      volumes('/dev/sdf', '/dev/sdf'),
      '[1].device',
      'second time',
    ],
  ])('is refused beyond it, in a list: %s', async (list, taken, refused, field, message) => {
    expect(await readProblems({ ...definitionWith(list, taken), base })).toEqual([]);
    expect(await readProblems({ ...definitionWith(list, refused), base })).toEqual([
      { field: `${list}${field}`, message: expect.stringContaining(message) },
    ]);
  });

  it('is refused beyond it for suites together, as they run one after the other', async () => {
    const suites = (count: number) =>
      numbered(count).map((index) => ({ ...suite({ timeout: '2d' })[0], name: `s${index}` }));

    expect(await readProblems({ ...definitionWith('tests.suites', suites(5)), base })).toEqual([]);
    expect(await readProblems({ ...definitionWith('tests.suites', suites(6)), base })).toEqual([
      { field: 'tests.suites', message: expect.stringContaining('more than 10d together') },
    ]);
  });

  it('is refused beyond it for the components of a recipe, test components included', async () => {
    const named = (kind: string, count: number) =>
      numbered(count).map((index) => ({ component: `${kind}-${index}/1.0.0` }));
    const definition = {
      ...definitionWith('build.imageBuilderTests', true),
      base,
      components: named('part', 15),
      tests: { suites: suite({}), components: named('check', 6) },
    };

    expect(await readProblems(definition)).toEqual([
      {
        field: 'tests.components',
        message: expect.stringContaining('a recipe of EC2 Image Builder holds no more'),
      },
    ]);
  });

  it.each(['0s', '366d'])('is refused beyond it for how long nothing starts: %s', async (lasts) => {
    expect(await readProblems({ ...definitionWith('triggers.freeze', freeze(lasts)), base })).toEqual([
      { field: 'triggers.freeze[0].lasts', message: expect.stringContaining('must be 1s to 365d') },
    ]);
  });

  it('may be none at all where that means at once', async () => {
    const triggers = { debounce: '0s', longestWait: '0s', maxHold: '0s' };

    expect(await readProblems({ ...definitionWith('triggers', triggers), base })).toEqual([]);
  });
});

describe('a definition that is too large to be stored', () => {
  const withSuites = (thousands: number) => ({
    ...definitionWith('tests.suites', buildSuites(thousands)),
    base,
  });

  it('is refused with what is large in it and what to do', async () => {
    expect(await readProblems(withSuites(375))).toEqual([]);
    expect(await readProblems(withSuites(390))).toEqual([
      {
        field: 'tests.suites',
        message:
          'has 391 KB of a definition of 392 KB, scripts included; 380 KB fit into the row that holds it',
        fix: expect.stringContaining('Shorten the scripts'),
      },
    ]);
  });

  it('is measured in bytes, not in letters', async () => {
    const suites = buildSuites(200).map((entry) => ({
      ...entry,
      script: entry.script.replaceAll('x', '\u00e9'),
    }));

    expect(await readProblems({ ...definitionWith('tests.suites', suites), base })).toMatchObject([
      { field: 'tests.suites' },
    ]);
  });

  it('is refused for packages that it names, which are stored twice', async () => {
    const names = numbered(50).map((index) => 'p'.repeat(125) + index);
    const inputs = numbered(20).map((index) => ({
      packages: { feed: `https://packages.example.com/${'f'.repeat(3200)}/${index}`, format: 'apt', names },
    }));

    expect(await readProblems({ ...definitionWith('inputs', inputs), base })).toMatchObject([
      { field: 'inputs', fix: expect.stringContaining('Shorten inputs') },
    ]);
  });

  it('is taken with as many targets and dependencies as may be, at whatever debounce', async () => {
    const world = reconcileWorld();
    const regions = numbered(40).map(
      (index) => `eu-${'ab'[index % 2]}${'cdefghijklmnopqrstuv'[index >> 1]}-1`,
    );
    const targets = numbered(100).map((index) => ({ account: String(300_000_000_000 + index), regions }));
    const inputs = numbered(20).map((index) => {
      world.parameters.set(`/aws/service/${index}`, 'ami-0123456789abcdef0');
      return { ssm: `/aws/service/${index}` };
    });
    const components = numbered(20).map((index) => {
      world.publishComponent(`tool-${index}`, '1.0.0');
      return `tool-${index}/1.x.x`;
    });
    const definition = {
      name: 'web',
      base: BASE_PARAMETER,
      components,
      triggers: { debounce: '0s' as const },
      more: { inputs, distribution: { targets } },
    };

    expect(await world.apply(definition)).toMatchObject({ outcome: 'created' });
  });
});

describe('the team of a definition', () => {
  const paths = { team: 'web', name: 'shop' };
  const given = { ...definitionWith('name', 'shop'), base };

  it.each([
    [{}, [['team', 'is "default" in the definition and "web" in the path']]],
    [{ team: 'data' }, [['team', 'is "data" in the definition and "web" in the path']]],
    [{ team: 'web', name: 'other' }, [['name', 'is "other" in the definition and "shop" in the path']]],
    [{ team: 'web' }, []],
  ])('is that of the path: %j', async (more, expected) => {
    const problems = await readProblems({ ...given, ...more }, paths);

    expect(problems.map(({ field, message }) => [field, message])).toEqual(expected);
    for (const { fix } of problems) expect(fix).toContain('into the definition');
  });

  it('does not change, and whose pipeline it is stays untold', async () => {
    const world = reconcileWorld();
    const apply = (team: string) =>
      applyDefinition(world.ports, {
        definition: { ...given, team },
        by: 'anna',
        path: { team, name: 'shop' },
      });
    await apply('web');

    await expect(apply('data')).rejects.toMatchObject({
      problems: [
        {
          field: 'team',
          message: expect.stringContaining('belongs to another team'),
          fix: expect.anything(),
        },
      ],
    });
    await deletePipeline(world.ports, { pipeline: 'shop', by: 'anna' });
    expect(await apply('data')).toMatchObject({ outcome: 'created', revision: 2 });
  });
});

describe('an account of the organization', () => {
  const distribution = (...accounts: string[]) => ({
    distribution: { targets: accounts.map((account) => ({ account, regions: ['eu-west-1', 'us-east-1'] })) },
  });
  const apply = (world: ReturnType<typeof reconcileWorld>, more: object) =>
    applyDefinition(world.ports, {
      definition: { ...definitionWith('description', 'x'), base, ...more },
      by: 'anna',
    });

  it('is refused by its field until its role can be assumed, with what onboards it', async () => {
    const world = reconcileWorld();
    world.closed.add('777788889999');
    const both = distribution('444455556666', '777788889999');

    await expect(apply(world, both)).rejects.toMatchObject({
      problems: [
        {
          field: 'distribution.targets[1].account',
          message: 'The role of 777788889999 cannot be assumed.',
          fix: expect.stringContaining('`ovenbird targets template`'),
        },
      ],
    });
    expect(world.changes()).toEqual([]);
    world.closed.clear();
    expect(await apply(world, both)).toMatchObject({ outcome: 'created' });
  });

  it('that is a target of the pipeline already holds up no other change of it', async () => {
    const world = reconcileWorld();
    await apply(world, distribution('444455556666'));
    world.closed.add('444455556666');

    expect(await apply(world, { ...distribution('444455556666'), description: 'another' })).toMatchObject({
      outcome: 'changed',
    });
  });
});
