import { beforeEach, describe, expect, it } from '@jest/globals';
import type { BaseImage } from '../../shared/domain/artifacts/base-image.ts';
import { keys } from '../../shared/domain/base/naming.ts';
import { AttemptRecordSchema } from '../../shared/domain/records/bakes.ts';
import { startBuild } from '../../shared/use-cases/bakes/start-build.ts';
import { BAKE, bakeWorld, REF } from '../support/bake-world.ts';
import type { ReconcileWorld } from '../support/reconcile-world.ts';
import { applyInput, BASE_AMI, inputWorld, loadInput } from './inputs.ts';

const LOCKED = 'ami-0aaaaaaaaaaaaaaaa';
const ROOT_LAST = {
  rootDevice: '/dev/xvda',
  volumes: [
    { device: '/dev/sdb', sizeGiB: 100 },
    { device: '/dev/xvda', sizeGiB: 8 },
  ],
} satisfies Partial<BaseImage>;

let world: ReconcileWorld;
beforeEach(() => {
  world = inputWorld();
});

/** A bake of the definition in a file. */
async function prepareBake(file: string, image: Partial<BaseImage> = {}) {
  const { build } = loadInput(file).definition;
  const bake = bakeWorld({ build });
  bake.bases.set(LOCKED, image);
  await bake.fill();
  const preflight = async () => {
    await bake.run('bake');
    return AttemptRecordSchema.parse(await bake.table.get(keys.attempt(BAKE, 1))).failure?.reason;
  };
  return { bake, preflight };
}

describe('a root volume with a size of its own', () => {
  it('is mapped under the name that the base gives its root, wherever that stands', async () => {
    expect(await applyInput(world, 'root-volume-size/pipeline.yml')).toEqual([]);
    const { bake } = await prepareBake('root-device-by-order/pipeline.yml', ROOT_LAST);

    await startBuild(bake, REF);

    const [request] = [...bake.engine.started.values()];
    expect(request?.volumes).toEqual([{ device: '/dev/xvda', sizeGiB: 50 }]);
  });

  it('is refused where the base does not tell its root, by apply and by the preflight', async () => {
    const untold = { rootDevice: undefined };
    world.bases.set(BASE_AMI, untold);
    const told = 'does not tell its root device';

    expect(await applyInput(world, 'root-volume-size/pipeline.yml')).toMatchObject([
      { field: 'base.ssm', message: expect.stringContaining(told) },
    ]);
    const { bake, preflight } = await prepareBake('root-device-by-order/pipeline.yml', untold);
    expect(await preflight()).toContain(told);
    expect(bake.engine.started.size).toBe(0);
  });

  it('is refused where it is smaller than the base, which may have grown since', async () => {
    const [problem] = await applyInput(world, 'root-smaller-than-snapshot/pipeline.yml');

    expect(problem).toEqual({
      field: 'build.rootVolumeGiB',
      message: `is 4, but the root volume of ${BASE_AMI} has 8 GiB, and cannot get smaller`,
      fix: 'Write 8 or more, or remove it to keep the size of the base.',
    });
    const grown = { volumes: [{ device: '/dev/xvda', sizeGiB: 30 }] };
    const { bake, preflight } = await prepareBake('root-volume-size/pipeline.yml', grown);
    expect(await preflight()).toContain('is 20, but the root volume');
    expect(bake.engine.started.size).toBe(0);
  });
});

it.each([
  ['/dev/xvda', 8, 'build.dataVolumes[0].device', 'the root device of'],
  ['/dev/sdb', 50, 'build.dataVolumes[0].sizeGiB', 'a volume of 100 GiB as /dev/sdb'],
])(
  'a data volume under a name of the base is refused: %s with %i GiB',
  async (device, sizeGiB, field, message) => {
    world.bases.set(BASE_AMI, ROOT_LAST);
    const apply = (dataVolumes: object[]) =>
      applyInput(world, 'root-volume-size/pipeline.yml', (definition) => ({
        ...definition,
        build: { ...definition.build, dataVolumes },
      }));

    expect(await apply([{ device, sizeGiB }])).toMatchObject([
      { field, message: expect.stringContaining(message) },
    ]);
    expect(await apply([{ device: '/dev/sdb', sizeGiB: 200 }])).toEqual([]);
  },
);

describe('a base that cannot be built on and tested', () => {
  it.each([
    [{ platform: 'windows' }, 'an image of windows; images are Linux, suites are shell scripts'],
    [{ platform: 'Windows with SQL Server Standard' }, 'an image of Windows; images are Linux'],
    [{ virtualization: 'paravirtual' }, 'the virtualisation paravirtual'],
    [{ rootDeviceType: 'instance-store' }, 'whose root device is an instance-store'],
    [{ type: 'kernel' }, 'a kernel, which no instance'],
    [{ architecture: 'i386' }, 'an image for i386; the image to build is for x86_64'],
    [{ architecture: 'arm64_mac' }, 'an image for arm64_mac'],
  ])('is refused by apply and by the preflight: %j', async (image, message) => {
    world.bases.set(BASE_AMI, image);
    world.parameters.set('/aws/service/case/windows', BASE_AMI);

    expect(await applyInput(world, 'windows-base/pipeline.yml')).toMatchObject([
      { field: 'base.ssm', message: expect.stringContaining(message) },
    ]);
    expect(world.changes()).toEqual([]);
    const { bake, preflight } = await prepareBake('windows-base/pipeline.yml', image);
    expect(await preflight()).toContain(message);
    expect(bake.engine.started.size).toBe(0);
  });
});

describe('instance types', () => {
  it('follow the architecture where the definition names none', async () => {
    const types = (file: string) => {
      const { build, tests } = loadInput(file).definition;
      return [build.instanceTypes, tests.instanceTypes];
    };

    expect(types('arm64-default-types/pipeline.yml')).toEqual([['t4g.medium'], ['t4g.small']]);
    expect(types('arm64-default-types/test-types-only.yml')).toEqual([['t4g.medium'], ['t4g.small']]);
    expect(types('root-volume-size/pipeline.yml')).toEqual([['t3.medium'], ['t3.small']]);
    for (const file of ['pipeline', 'test-types-only'])
      expect(await applyInput(world, `arm64-default-types/${file}.yml`)).toEqual([]);
  });

  it.each([
    ['t4g.medium', 'is for arm64, but the image to build is for x86_64', 't3.medium'],
    ['t3.mega', 't3.mega is no instance type of eu-west-1', 'Correct it'],
  ])('that do not fit are refused by apply and by the preflight: %s', async (type, message, fix) => {
    const build = { instanceTypes: ['m5.large', type] };
    const problems = await applyInput(world, 'root-volume-size/pipeline.yml', (definition) => ({
      ...definition,
      build,
    }));

    expect(problems).toMatchObject([
      {
        field: 'build.instanceTypes[1]',
        message: expect.stringContaining(message),
        fix: expect.stringContaining(fix),
      },
    ]);
    const bake = bakeWorld({ tests: { instanceTypes: [type], suites: [{ name: 'boots', script: 'true' }] } });
    await bake.fill();
    await bake.run('bake');
    const { failure } = AttemptRecordSchema.parse(await bake.table.get(keys.attempt(BAKE, 1)));
    expect(failure?.reason).toContain('tests.instanceTypes[0]');
    expect(failure?.reason).toContain(message);
    expect(bake.engine.started.size).toBe(0);
  });

  it('that cannot start the base in its boot mode are refused', async () => {
    world.bases.set(BASE_AMI, { bootMode: 'uefi' });
    world.ports.instanceTypes = {
      describe: async (names) =>
        names.map((name) => ({
          name,
          architectures: ['x86_64'],
          bootModes: ['legacy-bios'],
        })),
    };

    expect(await applyInput(world, 'root-volume-size/pipeline.yml')).toMatchObject([
      { field: 'build.instanceTypes[0]', message: expect.stringContaining('the boot mode uefi') },
      { field: 'tests.instanceTypes[0]' },
    ]);
  });
});
