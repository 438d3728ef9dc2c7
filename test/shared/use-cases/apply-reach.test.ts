import { describe, expect, it } from '@jest/globals';
import {
  DistributionFailed,
  InvalidDefinition,
  type Problem,
  TryLater,
} from '../../../shared/domain/base/errors.ts';
import { imageName } from '../../../shared/domain/base/naming.ts';
import type { ArtifactFacts } from '../../../shared/ports/artifact-store.ts';
import {
  ami,
  BASE_PARAMETER,
  HOME,
  type PipelineFixture,
  reconcileWorld,
} from '../../support/reconcile-world.ts';

const TARGET = '444455556666';
const STRANGER = '999988887777';

function facts({ owner = STRANGER, ...image }: Partial<ArtifactFacts> & { owner?: string }): ArtifactFacts {
  return {
    artifact: { kind: 'ami', account: owner, region: HOME.region, imageId: ami(50), snapshotIds: [] },
    name: 'somebody-elses',
    state: 'available',
    architecture: 'x86_64',
    snapshots: [],
    tags: {},
    ...image,
  };
}

async function shop() {
  const world = reconcileWorld();
  await world.apply({ name: 'web', base: BASE_PARAMETER, more: to(TARGET) });
  const problem = async (spec: Partial<PipelineFixture>): Promise<Problem | undefined> => {
    try {
      await world.apply({ name: 'app', base: BASE_PARAMETER, ...spec });
      return undefined;
    } catch (error) {
      if (error instanceof InvalidDefinition) return error.problems[0];
      throw error;
    }
  };
  return { world, problem };
}

const to = (account: string) => ({ distribution: { targets: [{ account, regions: ['eu-west-1'] }] } });
const image = (name: string, version: string) =>
  `arn:aws:imagebuilder:${HOME.region}:${HOME.account}:image/${name}/${version}`;
const lookup = (owner: string, name: string) => ({ lookup: { owner, name } });

describe('what a pipeline makes cannot be named but as a pipeline', () => {
  const REFUSED: [string, Partial<PipelineFixture>][] = [
    ['base.ssm', { base: '/ovenbird/web/stable' }],
    ['base.ssm', { base: '/ovenbird/web/stable:3' }],
    ['inputs[0].ssm', { more: { inputs: [{ ssm: '/ovenbird/web/stable:approved' }] } }],
    ['base.lookup', { more: { base: lookup('self', 'ovenbird-web-*') } }],
    ['base.lookup', { more: { base: lookup(HOME.account, '*-*') } }],
    ['inputs[0].lookup', { more: { inputs: [lookup(TARGET, '*web*')] } }],
  ];
  it.each(REFUSED)('as %s it is refused, with what to write instead', async (field, spec) => {
    const { problem } = await shop();

    expect(await problem(spec)).toMatchObject({
      field,
      message: expect.any(String),
      fix: expect.any(String),
    });
  });

  it.each([
    ['base.image', { base: { image: image('ovenbird-web-x86-64-0123456789ab', '1.x.x') } }],
    ['base.image', { base: { image: image('ovenbird-web-x86-64-0123456789ab', '1.0.0/1') } }],
    ['inputs[0].image', { inputs: [{ image: image('ovenbird-web-x86-64-0123456789ab', 'x.x.x') }] }],
  ])('as %s, with wildcards or without, it is refused', async (field, more) => {
    const { problem } = await shop();

    expect(await problem({ more })).toMatchObject({ field, fix: expect.stringContaining('pipeline: web') });
  });

  it('as an id it is refused: the image as built, its copies in targets, and what a parameter leads to', async () => {
    const { world, problem } = await shop();
    await world.runUntilIdle();
    const bake = world.running()[0]?.id ?? '';
    const pinned = { base: { ami: ami(50) } };

    world.ports.images.describe = async () =>
      facts({ owner: HOME.account, tags: { 'ovenbird:pipeline': 'web' } });
    expect(await problem({ more: pinned })).toMatchObject({
      field: 'base.ami',
      fix: 'Name the pipeline: base.pipeline: web',
    });
    expect((await problem({ more: { inputs: [{ ami: ami(50) }] } }))?.field).toBe('inputs[0].ami');

    world.ports.images.describe = async () =>
      facts({ owner: TARGET, name: imageName('web', bake, 'x86-64') });
    expect((await problem({ more: pinned }))?.message).toContain('web');
    expect((await problem({}))?.field).toBe('base.ssm');

    world.ports.images.describe = async () => facts({});
    expect(await problem({ more: pinned })).toBeUndefined();
  });

  it('as an id it is refused where it was copied by hand, under whatever name', async () => {
    const { world, problem } = await shop();
    const copyOf = (number: number) => ({ copyOf: { region: 'eu-central-1', imageId: ami(number) } });
    const images = new Map([
      [ami(50), facts(copyOf(51))],
      [`eu-central-1/${ami(51)}`, facts(copyOf(52))],
      [`eu-central-1/${ami(52)}`, facts({ owner: HOME.account, tags: { 'ovenbird:pipeline': 'web' } })],
    ]);
    world.ports.images.describe = async (region: string, id: string) =>
      images.get(region === HOME.region ? id : `${region}/${id}`);

    expect(await problem({ more: { base: { ami: ami(50) } } })).toMatchObject({
      field: 'base.ami',
      message: expect.stringContaining('a copy of one'),
      fix: 'Name the pipeline: base.pipeline: web',
    });

    images.delete(`eu-central-1/${ami(52)}`);
    expect(await problem({ more: { base: { ami: ami(50) } } })).toBeUndefined();
  });

  it('as a copy from a Region that may not be used it is none of ours; one that cannot be read for now is not taken', async () => {
    const { world, problem } = await shop();
    const from = (error: Error) => {
      world.ports.images.describe = async (region: string) => {
        if (region === HOME.region) return facts({ copyOf: { region: 'me-south-1', imageId: ami(51) } });
        throw error;
      };
      return problem({ more: { base: { ami: ami(50) } } });
    };

    await expect(from(new TryLater('throttled'))).rejects.toThrow(TryLater);
    await expect(from(new DistributionFailed('bad', { aws: 'Other' }))).rejects.toThrow(DistributionFailed);
    expect(
      await from(new DistributionFailed('refused', { aws: 'AuthFailure', refused: true })),
    ).toBeUndefined();
  });
});

describe('what a pipeline reads already cannot become what another makes', () => {
  it.each(['/mine', '/mine:7'])('a parameter, pinned or not: %s', async (base) => {
    const { world, problem } = await shop();
    world.parameters.set(base, ami(7));
    await world.apply({ name: 'reader', base });

    expect(await problem({ more: { distribution: { parameter: '/mine' } } })).toMatchObject({
      field: 'distribution.parameter',
      message: expect.stringContaining('reader'),
      fix: expect.stringContaining('pipeline: app'),
    });
  });

  it('an account whose images are looked up by a name that could be ours', async () => {
    const { world, problem } = await shop();
    world.sources.values.set('lookup:*-x86_64', ami(8));
    world.sources.values.set('lookup:corp-*', ami(9));
    await world.apply({ name: 'reader', base: '', more: { base: lookup(STRANGER, '*-x86_64') } });
    await world.apply({ name: 'narrow', base: '', more: { base: lookup('888877776666', 'corp-*') } });

    expect(await problem({ more: to(STRANGER) })).toMatchObject({
      field: 'distribution.targets[0].account',
      message: expect.stringContaining('reader'),
    });
    expect(await problem({ more: to('888877776666') })).toBeUndefined();
    expect((await problem({ more: to(STRANGER) }))?.message).toContain('reader');
  });

  it.each(['reader first', 'writer first'])(
    'the second is refused, also when both come at once (%s)',
    async (order) => {
      const { world } = await shop();
      world.parameters.set('/mine:7', ami(7));
      world.sources.values.set('lookup:*-x86_64', ami(8));
      const inputs = [lookup(STRANGER, '*-x86_64'), { ssm: '/mine:7' }];
      const reads = () => world.apply({ name: 'reader', base: BASE_PARAMETER, more: { inputs } });
      const writes = () =>
        world.apply({
          name: 'writer',
          base: BASE_PARAMETER,
          more: { distribution: { ...to(STRANGER).distribution, parameter: '/mine' } },
        });

      const results = await Promise.allSettled(
        order === 'reader first' ? [reads(), writes()] : [writes(), reads()],
      );

      expect(results.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
    },
  );
});

describe('the base', () => {
  it('must be for the architecture that is built', async () => {
    const { world, problem } = await shop();
    world.ports.images.describe = async () => facts({ architecture: 'arm64' });
    world.sources.values.set('lookup:corp-*', ami(9));
    const arm = { variants: [{ name: 'arm64', architecture: 'arm64' as const }] };

    expect(await problem({})).toMatchObject({
      field: 'base.ssm',
      fix: expect.stringContaining('variants[0].architecture: arm64'),
    });
    expect((await problem({ more: { ...arm, base: lookup(STRANGER, 'corp-*') } }))?.field).toBe(
      'base.lookup.architecture',
    );
    expect(await problem({ more: arm })).toBeUndefined();
  });

  it('must say whose images a lookup means, and be of the region in which images are built', async () => {
    const { problem } = await shop();
    const nobodys = { base: { lookup: { name: 'ubuntu/*' } } } as never;
    const elsewhere = 'arn:aws:imagebuilder:us-east-1:aws:image/amazon-linux-2023-x86/x.x.x';

    expect((await problem({ more: nobodys }))?.field).toBe('base.lookup.owner');
    expect((await problem({ more: { base: { image: elsewhere } } }))?.message).toContain('us-east-1');
  });
});
