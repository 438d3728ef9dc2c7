import { describe, expect, it } from '@jest/globals';
import { DistributionFailed } from '../../../shared/domain/base/errors.ts';
import { keys, TAGS } from '../../../shared/domain/base/naming.ts';
import { ChannelRecordSchema, ReleaseRecordSchema } from '../../../shared/domain/records/releases.ts';
import { removeCopies } from '../../../shared/use-cases/distribution/remove-copies.ts';
import {
  BAKE,
  type DistributionWorld,
  distributionWorld,
  drive,
  HOME,
  OTHER_BAKE,
  PARAMETER,
  REF,
  RETAINED_BAKE,
  type TargetSpec,
} from '../../support/distribution-world.ts';
import { toLocationKey } from '../../support/fakes/image-world.ts';

const WORK: TargetSpec = { account: '444455556666', region: 'eu-central-1' };
const SAND: TargetSpec = { account: '777788889999', region: 'us-east-1' };
const HOME_SHARE: TargetSpec = { account: '444455556666', region: HOME.region, mode: 'share' };
const FAR_SHARE: TargetSpec = { account: '777788889999', region: 'us-east-1', mode: 'share' };

const readChannel = async ({ table }: DistributionWorld) =>
  ChannelRecordSchema.parse(await table.get(keys.channel('web', 'stable')));
const readRelease = async ({ table }: DistributionWorld, id: string) =>
  ReleaseRecordSchema.parse(await table.get(keys.release('web', 'stable', id)));
const listReleases = ({ table }: DistributionWorld) =>
  table.items().filter((item) => item.sk.startsWith('RELEASE#'));
const calls = (setup: DistributionWorld) => {
  const verbs: string[] = [];
  setup.world.beforeCall = (verb) => void verbs.push(verb);
  return verbs;
};

describe('an image that was tested again', () => {
  it('is the same release, with the copies that it has, and its channel has the new proof', async () => {
    const setup = distributionWorld([WORK, HOME_SHARE], {
      retained: { specs: [WORK, HOME_SHARE], startsAt: 'Test' },
    });
    await setup.seed();
    const before = await readChannel(setup);
    const copies = setup.copies().map(({ id }) => id);
    const verbs = calls(setup);

    const end = await drive(setup);

    expect(end).toBe('released');
    expect(verbs).not.toContain('copyFrom');
    expect(setup.copies().map(({ id }) => id)).toEqual(copies);
    const channel = await readChannel(setup);
    expect(channel).toMatchObject({
      release: before.release,
      sequence: before.sequence + 1,
      bake: BAKE,
      proof: 'newer-proof',
      inventoryDigest: before.inventoryDigest,
    });
    expect(listReleases(setup)).toHaveLength(1);
    expect(await readRelease(setup, channel.release)).toMatchObject({
      bake: RETAINED_BAKE,
      proof: 'newer-proof',
      bakes: [
        { bake: RETAINED_BAKE, startsAt: 'Build', proof: 'proof' },
        { bake: BAKE, startsAt: 'Test', proof: 'newer-proof' },
      ],
    });
  });

  it('moves no pointer that shows the image already', async () => {
    const specs = [{ ...WORK, launchTemplate: true }];
    const setup = distributionWorld(specs, { retained: { specs, startsAt: 'Test' } });
    await setup.seed();
    const verbs = calls(setup);
    const version = setup.world.templates.get(toLocationKey(WORK, 'web'))?.defaultVersion;

    await drive(setup);

    expect(verbs).not.toContain('writeParameter');
    expect(setup.world.templates.get(toLocationKey(WORK, 'web'))?.defaultVersion).toBe(version);
  });

  it('keeps the tags of the bake that made each copy', async () => {
    const setup = distributionWorld([WORK], { retained: { specs: [WORK], startsAt: 'Test' } });
    await setup.seed();

    await drive(setup);

    expect(setup.copies()[0]?.tags).toMatchObject({ [TAGS.bake]: RETAINED_BAKE, [TAGS.verdict]: 'passed' });
  });
});

describe('a release that goes to new targets', () => {
  it('makes only the copy that is missing, and names both targets', async () => {
    const setup = distributionWorld([WORK, SAND], { retained: { specs: [WORK], startsAt: 'Approve' } });
    await setup.seed();
    const before = await readChannel(setup);
    const [old] = setup.copies();

    await drive(setup);

    expect(setup.copies()).toHaveLength(2);
    expect(setup.copies().find(({ account }) => account === WORK.account)).toBe(old);
    const channel = await readChannel(setup);
    expect(channel.release).toBe(before.release);
    expect(channel.targets).toEqual(['444455556666/eu-central-1/copy', '777788889999/us-east-1/copy']);
    const release = await readRelease(setup, channel.release);
    expect(release.targets.map(({ account, parameter }) => [account, parameter])).toEqual([
      [WORK.account, PARAMETER],
      [SAND.account, PARAMETER],
    ]);
  });

  it('leaves retained copies alone when it fails, and takes back what is new', async () => {
    const setup = distributionWorld([WORK, HOME_SHARE, FAR_SHARE, SAND_COPY], {
      retained: { specs: [WORK, HOME_SHARE, FAR_SHARE], startsAt: 'Approve' },
    });
    await setup.seed();
    const before = setup.copies().map(({ id }) => id);
    const sharedCopy = setup.copies().find(({ account }) => account === HOME.account);

    const end = await drive(setup, { failing: ({ account }) => account === SAND_COPY.account });

    expect(end).toBe('failed');
    expect(setup.copies().map(({ id }) => id)).toEqual(before);
    expect([...setup.source.launchableBy]).toEqual([HOME_SHARE.account]);
    expect([...(sharedCopy?.launchableBy ?? [])]).toEqual([FAR_SHARE.account]);
    for (const place of [WORK, HOME_SHARE, FAR_SHARE])
      expect(setup.world.see(place, setup.readParameter(place) ?? '')?.state).toBe('available');
  });

  it('stays launchable where the image as built is shared, while a copy of it is made there', async () => {
    const copied = { ...HOME_SHARE, mode: 'copy' } as const;
    const setup = distributionWorld([copied], { retained: { specs: [HOME_SHARE], startsAt: 'Approve' } });
    await setup.seed();
    setup.world.beforePointer = () => {
      expect([...setup.source.launchableBy]).toEqual([copied.account]);
    };

    await drive(setup);

    const release = await readRelease(setup, (await readChannel(setup)).release);
    const [copy] = setup.copies();
    expect(release.targets).toEqual([
      {
        account: copied.account,
        region: copied.region,
        variant: 'x86-64',
        artifact: expect.objectContaining({ imageId: copy?.id }),
        parameter: PARAMETER,
      },
      {
        account: copied.account,
        region: copied.region,
        variant: 'x86-64',
        artifact: expect.objectContaining({ imageId: setup.source.id }),
      },
    ]);
  });
});
const SAND_COPY: TargetSpec = { account: '222233334444', region: 'us-east-1' };

describe('a release that is pointed to again', () => {
  const specs = [{ ...WORK, launchTemplate: true }, HOME_SHARE];
  const retained = { specs, startsAt: 'Distribute', between: true } as const;

  it('has its pointers back and is what its channel names, under a higher number', async () => {
    const setup = distributionWorld(specs, { retained });
    await setup.seed();
    const first = listReleases(setup).find((item) => item.bake === RETAINED_BAKE);
    const between = await readChannel(setup);
    expect(setup.readParameter(HOME_SHARE)).not.toBe(setup.source.id);

    await drive(setup);

    const channel = await readChannel(setup);
    expect(channel).toMatchObject({
      release: first?.id,
      sequence: between.sequence + 1,
      images: { 'x86-64': setup.source.id },
    });
    expect(setup.readParameter(HOME_SHARE)).toBe(setup.source.id);
    const image = setup.world.images.get(setup.readTemplateImage(WORK) ?? '');
    expect(image?.tags[TAGS.bake]).toBe(RETAINED_BAKE);
    expect(setup.copies()).toHaveLength(2);
    const published = setup.table.items().filter((item) => item.detailType === 'Ovenbird Image Released');
    expect(published.at(-1)?.detail).toMatchObject({ bake: BAKE, release: first?.id });
  });

  it('shows the release in between again when a pointer cannot be moved', async () => {
    const setup = distributionWorld(specs, { retained });
    await setup.seed();
    const before = [
      setup.readParameter(WORK),
      setup.readParameter(HOME_SHARE),
      setup.readTemplateImage(WORK),
    ];
    setup.world.beforePointer = ({ region }, _pointer, imageId) => {
      if (region === HOME.region && imageId === setup.source.id) throw new DistributionFailed('AccessDenied');
    };

    expect(await drive(setup)).toBe('failed');

    expect([
      setup.readParameter(WORK),
      setup.readParameter(HOME_SHARE),
      setup.readTemplateImage(WORK),
    ]).toEqual(before);
    expect(setup.copies()).toHaveLength(2);
    expect([...setup.source.launchableBy]).toEqual([HOME_SHARE.account]);
    expect((await readChannel(setup)).bake).toBe(OTHER_BAKE);
  });

  it.each([
    ['was removed', 'gone'],
    ['was deregistered', 'deregistered'],
  ])('copies again what %s', async (_what, how) => {
    const setup = distributionWorld([WORK], { retained: { ...retained, specs: [WORK] } });
    await setup.seed();
    const lost = setup.copies().find((image) => image.tags[TAGS.bake] === RETAINED_BAKE);
    if (how === 'gone') setup.world.images.delete(lost?.id ?? '');
    else if (lost !== undefined) lost.state = 'deregistered';

    const end = await drive(setup);

    expect(end).toBe('released');
    const fresh = setup.copies().find((image) => image.tags[TAGS.bake] === BAKE);
    expect(setup.readParameter(WORK)).toBe(fresh?.id);
    const release = await readRelease(setup, (await readChannel(setup)).release);
    expect(release.targets.map(({ artifact }) => artifact.imageId)).toEqual([fresh?.id]);
  });

  it('shares a new copy where the one that was shared is gone', async () => {
    const setup = distributionWorld([FAR_SHARE], { retained: { ...retained, specs: [FAR_SHARE] } });
    await setup.seed();
    const lost = setup.copies().find((image) => image.tags[TAGS.bake] === RETAINED_BAKE);
    setup.world.images.delete(lost?.id ?? '');

    await drive(setup);

    const shown = setup.readParameter(FAR_SHARE) ?? '';
    expect(setup.world.images.get(shown)).toMatchObject({
      account: HOME.account,
      tags: { [TAGS.bake]: BAKE },
    });
    expect(setup.world.see(FAR_SHARE, shown)?.state).toBe('available');
    const release = await readRelease(setup, (await readChannel(setup)).release);
    expect(release.targets.map(({ artifact }) => artifact.imageId)).toEqual([shown]);
  });

  it('keeps the copies of a target that the definition does not name any more', async () => {
    const setup = distributionWorld([WORK], { retained: { ...retained, specs: [WORK, SAND] } });
    await setup.seed();

    await drive(setup);

    const release = await readRelease(setup, (await readChannel(setup)).release);
    expect(release.targets.map(({ account, parameter }) => [account, parameter])).toEqual([
      [WORK.account, PARAMETER],
      [SAND.account, undefined],
    ]);
  });

  it('leaves nothing of its own behind when it is stopped on the way', async () => {
    const setup = distributionWorld([...specs, SAND], { retained });
    await setup.seed();
    const before = setup.copies().map(({ id }) => id);
    await drive(setup, { stopBefore: 'move' });

    await removeCopies(setup.deps, REF);

    expect(setup.copies().map(({ id }) => id)).toEqual(before);
    expect(setup.rows().every(({ state }) => state === 'removed')).toBe(true);
  });
});
