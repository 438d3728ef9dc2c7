import { describe, expect, it } from '@jest/globals';
import {
  AttemptEnded,
  DistributionFailed,
  ReleaseOutdated,
  TryLater,
} from '../../../shared/domain/base/errors.ts';
import { due, keys, TAGS } from '../../../shared/domain/base/naming.ts';
import { COPYING } from '../../../shared/domain/distribution/quotas.ts';
import { advanceTargets } from '../../../shared/use-cases/distribution/advance-targets.ts';
import { checkCopies } from '../../../shared/use-cases/distribution/check-copies.ts';
import { movePointers } from '../../../shared/use-cases/distribution/move-pointers.ts';
import { planDistribution } from '../../../shared/use-cases/distribution/plan-distribution.ts';
import { removeCopies } from '../../../shared/use-cases/distribution/remove-copies.ts';
import { releaseImage } from '../../../shared/use-cases/releases/release-image.ts';
import { BAKE, distributionWorld, drive, HOME, PARAMETER, REF } from '../../support/distribution-world.ts';
import { toLocationKey } from '../../support/fakes/image-world.ts';
import { overrideLocations } from '../../support/fakes/locations.ts';

const WORK = { account: '444455556666', region: 'eu-central-1' };
const SAND = { account: '777788889999', region: 'eu-central-1' };
const OLD = 'ami-00000000000000fff';

describe('AWS that throttles for ever', () => {
  it('ends as a failure with the reason, though what was shared cannot be taken back either', async () => {
    const setup = distributionWorld([{ ...WORK, region: HOME.region, mode: 'share' }]);
    await setup.seed();
    let isDown = true;
    setup.world.beforeCall = (verb) => {
      if (isDown && ['share', 'unshare'].includes(verb)) throw new TryLater(`${verb}: InternalError`);
    };

    const plan = await planDistribution(setup.deps, REF);
    const [run] = plan.runs;
    const input = { ...REF, region: run?.region ?? '' };
    let rounds = 0;
    while ((await advanceTargets(setup.deps, input)).waiting && rounds < 100) {
      setup.clock.forward(COPYING.longestPauseSeconds);
      rounds += 1;
    }
    const moving = movePointers(setup.deps, { ...REF, regions: [{ region: input.region, failed: false }] });

    await expect(moving).rejects.toMatchObject({
      name: 'DistributionFailed',
      message: expect.stringMatching(
        /AWS throttled or refused for quota \d+ times; last error: share: InternalError/,
      ),
    });
    isDown = false;
    await removeCopies(setup.deps, REF);
    expect([...setup.source.launchableBy]).toEqual([]);
  });
});

describe('distributing by copy', () => {
  it('gives each target an image of its own, encrypted with its key, with all volumes and tags', async () => {
    const setup = distributionWorld([WORK, SAND], { tags: { 'cost-center': 'shop' } });
    await setup.seed();

    const end = await drive(setup);

    expect(end).toBe('released');
    const copy = setup.copies().find((image) => image.account === WORK.account);
    expect(copy).toMatchObject({
      ...WORK,
      state: 'available',
      tags: {
        'cost-center': 'shop',
        [TAGS.managed]: 'true',
        [TAGS.bake]: BAKE,
        [TAGS.pipeline]: 'web',
        [TAGS.verdict]: 'passed',
      },
    });
    expect(copy?.snapshots.map(({ device, keyId }) => ({ device, keyId }))).toEqual([
      { device: '/dev/xvda', keyId: `arn:aws:kms:${WORK.region}:${WORK.account}:key/images` },
      { device: '/dev/xvdb', keyId: `arn:aws:kms:${WORK.region}:${WORK.account}:key/images` },
    ]);
    expect(setup.readParameter(WORK)).toBe(copy?.id);
    expect(setup.copies()).toHaveLength(2);
  });

  it('leaves no account with permission to copy the source afterwards', async () => {
    const setup = distributionWorld([WORK, SAND]);
    await setup.seed();

    await drive(setup);

    expect([...setup.source.launchableBy]).toEqual([]);
    expect(setup.source.snapshots.flatMap((snapshot) => [...snapshot.sharedWith])).toEqual([]);
  });

  it('removes a copy that failed and starts it anew, three times in all', async () => {
    const setup = distributionWorld([WORK]);
    await setup.seed();
    let failures = 0;
    const failing = () => {
      failures += 1;
      return failures < COPYING.attempts;
    };

    const end = await drive(setup, { failing });

    expect(end).toBe('released');
    expect(setup.copies()).toHaveLength(1);
    expect(setup.rows()[0]).toMatchObject({ state: 'released', copyAttempts: 2 });
  });

  it('fails with the reason when a required copy never comes to be, and leaves nothing behind', async () => {
    const setup = distributionWorld([{ ...WORK, before: OLD }, SAND]);
    await setup.seed();

    const end = await drive(setup, { failing: (image) => image.account === SAND.account });

    expect(end).toBe('failed');
    expect(setup.copies()).toEqual([]);
    expect(setup.readParameter(WORK)).toBe(OLD);
    expect([...setup.source.launchableBy]).toEqual([]);
    expect(setup.rows().find((row) => row.account === SAND.account)?.problem).toMatch(/failed 3 times/);
  });

  it('tells why a region broke off in the words of what failed there', async () => {
    const setup = distributionWorld([WORK]);
    await setup.seed();
    await planDistribution(setup.deps, REF);
    const lambda = { errorType: 'Error', errorMessage: 'the table is gone', trace: ['at x'] };
    const child = { ExecutionArn: 'arn', Status: 'FAILED', Error: 'Error', Cause: JSON.stringify(lambda) };

    const moving = movePointers(setup.deps, {
      ...REF,
      regions: [
        { region: WORK.region, failed: true, error: 'States.TaskFailed', cause: JSON.stringify(child) },
      ],
    });

    await expect(moving).rejects.toThrow(
      /444455556666\/eu-central-1\/x86-64: It was not distributed: the table is gone$/,
    );
  });

  it('goes without a best-effort target that fails, and says so in the step', async () => {
    const setup = distributionWorld([WORK, { ...SAND, required: false }]);
    await setup.seed();

    const end = await drive(setup, { failing: (image) => image.account === SAND.account });

    expect(end).toBe('released');
    expect(setup.copies().map((image) => image.account)).toEqual([WORK.account]);
    expect(setup.readParameter(SAND)).toBeUndefined();
    const step = await setup.table.get(keys.step(BAKE, 1, 'Distribute'));
    expect(step?.summary).toMatch(/1 of 2 targets.*without 1 best-effort: 777788889999/);
  });

  it('refuses a key that is not there before anything is copied', async () => {
    const setup = distributionWorld([WORK]);
    await setup.seed();
    setup.world.keys.clear();

    const end = await drive(setup);

    expect(end).toBe('failed');
    expect(setup.rows()[0]?.problem).toMatch(/no key default/);
  });

  it('keeps to twenty snapshots on their way into one account and region', async () => {
    const devices = Array.from({ length: 12 }, (_, index) => `/dev/sd${index}`);
    const setup = distributionWorld([WORK], { devices });
    await setup.seed();
    const other = {
      ...keys.copyInFlight(WORK.account, WORK.region, 'other'),
      holder: 'other',
      snapshots: 12,
    };
    const until = new Date(setup.clock.now().getTime() + 600_000).toISOString();
    await setup.table.write([{ put: { ...other, until } }]);
    await planDistribution(setup.deps, REF);

    const progress = await advanceTargets(setup.deps, { ...REF, region: WORK.region });

    expect(progress.waiting).toBe(true);
    expect(setup.copies()).toEqual([]);
    expect(await checkCopies(setup.deps, progress)).toBeUndefined();

    setup.clock.forward(700);

    expect(await checkCopies(setup.deps, progress)).toMatchObject({ kind: 'success' });
    await advanceTargets(setup.deps, { ...REF, region: WORK.region });
    expect(setup.copies()).toHaveLength(1);
  });

  it('sets the date of deprecation that the definition asks for', async () => {
    const setup = distributionWorld([WORK], { deprecateAfter: '30d' });
    await setup.seed();

    await drive(setup);

    expect(setup.copies()[0]?.deprecatedAt).toBe('2026-04-01T08:00:00.000Z');
  });

  it('names the wait of the region for the image, so that its state change wakes it', async () => {
    const setup = distributionWorld([WORK]);
    await setup.seed();
    await planDistribution(setup.deps, REF);

    await advanceTargets(setup.deps, { ...REF, region: WORK.region });

    const [copy] = setup.copies();
    const item = await setup.table.get({ pk: `IMAGE#${copy?.id}`, sk: 'WAIT' });
    expect(item?.wait).toBe(`copies:${BAKE}.1.${WORK.region}`);
  });
});

describe('distributing by share', () => {
  it('makes the image as built launchable in the home region, without a copy', async () => {
    const place = { account: WORK.account, region: HOME.region };
    const setup = distributionWorld([{ ...place, mode: 'share' }]);
    await setup.seed();

    const end = await drive(setup);

    expect(end).toBe('released');
    expect(setup.copies()).toEqual([]);
    expect([...setup.source.launchableBy]).toEqual([place.account]);
    expect(setup.readParameter(place)).toBe(setup.source.id);
  });

  it('copies once for all accounts of another region and shares that copy', async () => {
    const setup = distributionWorld([
      { ...WORK, mode: 'share' },
      { ...SAND, mode: 'share' },
    ]);
    await setup.seed();

    const end = await drive(setup);

    expect(end).toBe('released');
    const [copy, ...others] = setup.copies();
    expect(others).toEqual([]);
    expect(copy).toMatchObject({ account: HOME.account, region: WORK.region });
    expect([...(copy?.launchableBy ?? [])].sort()).toEqual([WORK.account, SAND.account]);
    expect(setup.readParameter(SAND)).toBe(copy?.id);
  });

  it('takes permission and copy back when the bake is not released', async () => {
    const setup = distributionWorld([
      { account: WORK.account, region: HOME.region, mode: 'share' },
      { ...SAND, mode: 'share' },
    ]);
    await setup.seed();
    await drive(setup, { stopBefore: 'move' });

    await removeCopies(setup.deps, REF);

    expect(setup.copies()).toEqual([]);
    expect([...setup.source.launchableBy]).toEqual([]);
  });
});

describe('moving pointers', () => {
  it('leaves every pointer as it was when one required target refuses', async () => {
    const setup = distributionWorld([{ ...WORK, before: OLD, launchTemplate: true }, { ...SAND }]);
    await setup.seed();
    setup.world.beforePointer = (place, _, imageId) => {
      if (place.account === SAND.account && imageId !== OLD) throw new DistributionFailed('AccessDenied');
    };

    const end = await drive(setup);

    expect(end).toBe('failed');
    expect(setup.readParameter(WORK)).toBe(OLD);
    expect(setup.readParameter(SAND)).toBeUndefined();
    expect(setup.readTemplateImage(WORK)).toBe('ami-00000000000000abc');
    expect([...(setup.world.templates.get(toLocationKey(WORK, 'web'))?.versions.keys() ?? [])]).toEqual([
      '1',
    ]);
    expect(await setup.table.get(keys.pointers('web', 'stable'))).toBeUndefined();
  });

  it('moves parameter and launch template of a target together', async () => {
    const setup = distributionWorld([{ ...WORK, before: OLD, launchTemplate: true }]);
    await setup.seed();

    await drive(setup);

    expect(setup.readTemplateImage(WORK)).toBe(setup.readParameter(WORK));
    expect(setup.rows()[0]).toMatchObject({ previousParameterValue: OLD, previousTemplateVersion: '1' });
  });

  it('says in a message that every machine can hand on why a hundred targets in many regions failed', async () => {
    const specs = Array.from({ length: 100 }, (_, index) => ({
      account: String(400_000_000_000 + index),
      region: WORK.region,
    }));
    const setup = distributionWorld(specs);
    await setup.seed();
    setup.world.beforeCall = (verb) => {
      if (verb === 'resolveKey') throw new DistributionFailed('the "key" is refused. '.repeat(40));
    };

    const plan = await planDistribution(setup.deps, REF);
    for (const { region } of plan.runs) await advanceTargets(setup.deps, { ...REF, region });
    const moving: Promise<unknown> = movePointers(setup.deps, { ...REF, regions: [] });
    const error: unknown = await moving.catch((thrown: unknown) => thrown);

    if (!(error instanceof DistributionFailed)) throw new Error('It ought to fail.');
    expect(error.message).toMatch(/^100 required targets have no verified image\. .* and 98 more$/);
    expect(error.message.length).toBeLessThan(2200);
  });

  it('gives up when the channel has moved on since the plan was made', async () => {
    const setup = distributionWorld([WORK]);
    await setup.seed();
    await drive(setup, { stopBefore: 'move' });
    await setup.table.write([{ put: { ...keys.channel('web', 'stable'), sequence: 1 } }]);

    await expect(movePointers(setup.deps, { ...REF, regions: [] })).rejects.toThrow(ReleaseOutdated);

    expect(setup.readParameter(WORK)).toBeUndefined();
  });

  it('waits while another bake holds the pointers of the channel', async () => {
    const setup = distributionWorld([WORK]);
    await setup.seed();
    await drive(setup, { stopBefore: 'move' });
    await setup.table.write([{ put: { ...keys.pointers('web', 'stable'), holder: 'other' } }]);

    await expect(movePointers(setup.deps, { ...REF, regions: [] })).rejects.toThrow(TryLater);

    expect(setup.readParameter(WORK)).toBeUndefined();
  });

  it('puts everything back when the bake is cancelled after its pointers moved', async () => {
    const setup = distributionWorld([{ ...WORK, before: OLD }]);
    await setup.seed();
    await drive(setup, { stopBefore: 'release' });
    const endRequested = { as: 'cancelled', by: 'somebody', at: setup.clock.now().toISOString() };
    await setup.table.write([{ update: keys.attempt(BAKE, 1), set: { endRequested } }]);

    await removeCopies(setup.deps, REF);

    expect(setup.readParameter(WORK)).toBe(OLD);
    expect(setup.copies()).toEqual([]);
    await expect(releaseImage(setup.deps, REF)).rejects.toThrow(AttemptEnded);
  });

  it('waits for a parameter that shows the image a while after it was written', async () => {
    const setup = distributionWorld([WORK, { ...SAND, before: OLD, required: false }]);
    await setup.seed();
    setup.world.looksUntilParameter = 3;

    const end = await drive(setup);

    expect(end).toBe('released');
    for (const place of [WORK, SAND])
      expect(setup.readParameter(place)).toBe(
        setup.copies().find((image) => image.account === place.account)?.id,
      );
  });

  it.each([
    ['made', undefined],
    ['overwritten', OLD],
  ])('lets no parameter show the image after all is put back that is %s late', async (_, before) => {
    const setup = distributionWorld([{ ...WORK, ...(before === undefined ? {} : { before }) }, SAND]);
    await setup.seed();
    setup.world.looksUntilParameter = 2;
    setup.world.beforePointer = (place, pointer) => {
      if (place.account === SAND.account && pointer.startsWith('parameter'))
        throw new DistributionFailed('AccessDenied');
    };

    const end = await drive(setup);

    expect(end).toBe('failed');
    expect(setup.world.parametersToCome).toEqual([]);
    expect(setup.readParameter(WORK)).toBe(before);
    expect(setup.copies()).toEqual([]);
  });

  it('fails with the reason when Parameter Store drops the image', async () => {
    const setup = distributionWorld([{ ...WORK, before: OLD }]);
    await setup.seed();
    await drive(setup, { stopBefore: 'move' });
    setup.world.looksUntilParameter = Number.POSITIVE_INFINITY;
    const move = () => movePointers(setup.deps, { ...REF, regions: [] });

    await expect(move()).rejects.toThrow(TryLater);
    setup.clock.forward(300);

    await expect(move()).rejects.toThrow(/does not take ami-.* All pointers are as they were before/);
    expect(setup.readParameter(WORK)).toBe(OLD);
  });

  it('ends with the reason when the image that stood before is not taken back', async () => {
    const setup = distributionWorld([{ ...WORK, before: OLD }]);
    await setup.seed();
    await drive(setup, { stopBefore: 'release' });
    setup.world.looksUntilParameter = Number.POSITIVE_INFINITY;

    await expect(removeCopies(setup.deps, REF)).rejects.toThrow(TryLater);
    setup.clock.forward(300);
    const left = await removeCopies(setup.deps, REF);

    expect(left.join()).toContain(`does not take ${OLD} back`);
  });

  it('leaves a parameter alone that was changed from outside since', async () => {
    const setup = distributionWorld([{ ...WORK, before: OLD }]);
    await setup.seed();
    await drive(setup, { stopBefore: 'release' });
    const theirs = 'ami-00000000000000eee';
    setup.world.parameters.set(toLocationKey(WORK, PARAMETER), { value: theirs, type: 'String' });

    await removeCopies(setup.deps, REF);

    expect(setup.readParameter(WORK)).toBe(theirs);
  });
});

describe('a permission that has not arrived', () => {
  const ABSENT = new TryLater('You do not have permission to access the storage of this ami', {
    unsettled: true,
  });

  it('is waited for', async () => {
    const setup = distributionWorld([WORK]);
    await setup.seed();
    let calls = 0;
    setup.world.beforeCall = (verb) => {
      calls += verb === 'copyFrom' ? 1 : 0;
      if (verb === 'copyFrom' && calls < 4) throw ABSENT;
    };

    expect(await drive(setup)).toBe('released');
  });

  it('fails the target with the reason once it should have arrived long ago', async () => {
    const setup = distributionWorld([WORK]);
    await setup.seed();
    setup.world.beforeCall = (verb) => {
      if (verb === 'copyFrom') throw ABSENT;
    };
    const started = setup.clock.now().getTime();

    expect(await drive(setup)).toBe('failed');
    expect(setup.rows()[0]?.problem).toContain('permission to access the storage');
    expect(setup.clock.now().getTime() - started).toBeLessThan(30 * 60_000);
    expect([...setup.source.launchableBy]).toEqual([]);
  });
});

describe('a released bake', () => {
  it('is due for the sweep that forgets its builds at their engine', async () => {
    const setup = distributionWorld([WORK]);
    await setup.seed();

    await drive(setup);

    expect(await setup.table.get(keys.attempt(BAKE, 1))).toMatchObject({
      state: 'released',
      duePk: due.attempt,
      dueSk: setup.clock.now().toISOString(),
    });
  });
});

describe('a retry after a failed distribution', () => {
  it('copies into the failed targets alone, and keeps none of the copies visible until then', async () => {
    const setup = distributionWorld([{ ...WORK, before: OLD }, SAND]);
    await setup.seed();
    let isBroken = true;
    const into: string[] = [];
    setup.world.beforeCall = (verb, { account }) => {
      if (verb === 'copyFrom') into.push(account);
      if (isBroken && verb === 'resolveKey' && account === SAND.account)
        throw new DistributionFailed('The key is disabled.');
    };
    const { runs } = await planDistribution(setup.deps, REF);
    for (const { region } of runs)
      while ((await advanceTargets(setup.deps, { ...REF, region })).waiting) setup.world.finishCopies();
    await expect(movePointers(setup.deps, { ...REF, regions: [] })).rejects.toThrow('The key is disabled.');
    await removeCopies(setup.deps, REF, { keepsVerified: true });
    const kept = setup.copies().map(({ id, account }) => ({ id, account }));
    expect(kept).toMatchObject([{ account: WORK.account }]);
    expect(setup.readParameter(WORK)).toBe(OLD);
    expect([...setup.source.launchableBy]).toEqual([]);

    isBroken = false;
    const ref = { bake: BAKE, attempt: 2 };
    const item = await setup.table.get(keys.attempt(BAKE, 1));
    await setup.table.write([
      { put: { ...item, ...keys.attempt(BAKE, 2), ...ref, continues: 1 } },
      { update: keys.bake(BAKE), set: { attempt: 2 } },
      { update: keys.artifact(BAKE, 'x86-64'), set: { attempt: 2 } },
    ]);
    const end = await drive(setup, { ref });

    expect(end).toBe('released');
    expect(into).toEqual([WORK.account, SAND.account]);
    expect(setup.readParameter(WORK)).toBe(kept[0]?.id);
    expect(setup.copies().every(({ tags }) => tags[TAGS.attempt] === '2')).toBe(true);
  });
});

describe('a cancelled bake', () => {
  it('starts no copy any more', async () => {
    const setup = distributionWorld([WORK]);
    await setup.seed();
    await planDistribution(setup.deps, REF);
    const endRequested = { as: 'cancelled', by: 'somebody', at: setup.clock.now().toISOString() };
    await setup.table.write([{ update: keys.attempt(BAKE, 1), set: { endRequested } }]);

    await expect(advanceTargets(setup.deps, { ...REF, region: WORK.region })).rejects.toThrow(AttemptEnded);

    expect(setup.copies()).toEqual([]);
  });

  it('removes a copy that was being started while it was cleaned up', async () => {
    const setup = distributionWorld([WORK]);
    await setup.seed();
    await planDistribution(setup.deps, REF);
    const locations = overrideLocations(setup.deps.locations, {
      target: ({ artifacts }) => ({
        artifacts: {
          copyFrom: async (source, request) => {
            const endRequested = { as: 'cancelled', by: 'somebody', at: setup.clock.now().toISOString() };
            await setup.table.write([{ update: keys.attempt(BAKE, 1), set: { endRequested } }]);
            // The source stays shared only to let the late call through.
            const cleaning = overrideLocations(setup.deps.locations, {
              control: () => ({ artifacts: { unshare: async () => {} } }),
            });
            await removeCopies({ ...setup.deps, locations: cleaning }, REF);
            return artifacts.ami.copyFrom(source, request);
          },
        },
      }),
    });

    const running = advanceTargets({ ...setup.deps, locations }, { ...REF, region: WORK.region });

    await expect(running).rejects.toThrow(AttemptEnded);
    expect(setup.copies()).toEqual([]);
  });
});

describe('releasing', () => {
  it('moves the channel, ends the bake, frees the pipeline and tells of it in one go', async () => {
    const setup = distributionWorld([WORK]);
    await setup.seed();

    await drive(setup);

    const [copy] = setup.copies();
    const channel = await setup.table.get(keys.channel('web', 'stable'));
    expect(channel).toMatchObject({ sequence: 1, bake: BAKE, images: { 'x86-64': setup.source.id } });
    expect(await setup.table.get(keys.release('web', 'stable', String(channel?.release)))).toMatchObject({
      listPk: 'RELEASES',
      targets: [{ ...WORK, variant: 'x86-64', artifact: { imageId: copy?.id }, parameter: PARAMETER }],
    });
    expect(await setup.table.get(keys.attempt(BAKE, 1))).toMatchObject({ state: 'released' });
    expect(await setup.table.get(keys.bake(BAKE))).toMatchObject({ state: 'released' });
    const planning = await setup.table.get(keys.status('web'));
    expect(planning).toMatchObject({ consecutiveFailures: 0, version: 4 });
    expect(planning).not.toHaveProperty('activeBake');
    expect(await setup.table.get(keys.fingerprint('web', 'bits', 'proof'))).toMatchObject({
      state: 'released',
    });
    expect(setup.table.items().filter((item) => item.detailType === 'Ovenbird Image Released')).toHaveLength(
      1,
    );
    expect(setup.planned).toEqual(['web']);
  });

  it('is the same when it is asked for again', async () => {
    const setup = distributionWorld([WORK]);
    await setup.seed();
    await drive(setup);
    const before = setup.table.items();

    await releaseImage(setup.deps, REF);

    expect(setup.table.items()).toEqual(before);
  });

  it('is refused before the pointers have moved', async () => {
    const setup = distributionWorld([WORK]);
    await setup.seed();
    await drive(setup, { stopBefore: 'move' });

    await expect(releaseImage(setup.deps, REF)).rejects.toThrow(DistributionFailed);
  });

  it('keeps what a released bake has distributed when a clean-up is requested', async () => {
    const setup = distributionWorld([WORK]);
    await setup.seed();
    await drive(setup);

    await removeCopies(setup.deps, REF);

    expect(setup.copies()).toHaveLength(1);
    expect(setup.readParameter(WORK)).toBe(setup.copies()[0]?.id);
  });

  it('needs no target at all', async () => {
    const setup = distributionWorld([]);
    await setup.seed();

    expect(await drive(setup)).toBe('released');
  });
});
