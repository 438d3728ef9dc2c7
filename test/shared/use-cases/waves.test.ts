import { beforeEach, describe, expect, it } from '@jest/globals';
import { confirmWave } from '../../../shared/use-cases/reconcile/confirm-wave.ts';
import {
  always,
  changeBase,
  changeComponent,
  confirmFirstWave,
  DAY,
  listHoldCodes,
  listRunning,
  passTime,
  releaseAll,
} from '../../support/reconcile-steps.ts';
import { ami, BASE_PARAMETER, type ReconcileWorld, reconcileWorld } from '../../support/reconcile-world.ts';

describe('a wave above the cap', () => {
  it('is counted whole, however many pipelines use one selector', async () => {
    const world = reconcileWorld({ limits: { wave: 95 } });
    for (let index = 0; index < 95; index += 1)
      await world.apply({ name: `image-${index}`, base: BASE_PARAMETER });
    await changeBase(world, 2);
    expect(world.changes().filter(({ wave }) => wave !== undefined)).toEqual([]);
    await world.apply({ name: 'one-more', base: BASE_PARAMETER });

    await changeBase(world, 3);

    expect(world.changes().flatMap(({ wave }) => wave ?? [])).toMatchObject([{ size: 95, isMore: true }]);
  });

  it('waits for a person, wherever in it a pipeline stands', async () => {
    const world = reconcileWorld({ limits: { wave: 3 } });
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.apply({ name: 'middle', base: 'base' });
    await world.runUntilIdle();
    await releaseAll(world);
    for (const name of ['left', 'right']) await world.apply({ name, base: 'middle' });
    await world.runUntilIdle();
    await releaseAll(world);
    const before = world.bakes().length;

    await changeBase(world, 2);

    expect(world.bakes()).toHaveLength(before);
    expect(listHoldCodes(world, 'base')).toEqual(['wave-unconfirmed']);
    const waiting = world.changes().filter(({ wave }) => wave !== undefined);
    expect(waiting).toHaveLength(1);
    expect(world.status('base')?.decision?.reasons[0]).toMatchObject({ change: waiting[0]?.id });
  });

  it.each(['a definition', 'a forced request', 'a tick'])('waits though %s began it', async (cause) => {
    const world = reconcileWorld({ limits: { wave: 2 } });
    const base = { name: 'base', base: BASE_PARAMETER, triggers: cause === 'a tick' ? always : {} };
    await world.apply(base);
    const children = ['one', 'two', 'three'];
    for (const name of children) await world.apply({ name, base: 'base' });
    await passTime(world, DAY);
    // A person applied each of them, so none waits for its first bake.
    await releaseAll(world);
    expect(children.map((name) => world.channel(name)?.sequence)).toEqual([1, 1, 1]);

    if (cause === 'a definition') await world.apply({ ...base, more: { build: { rootVolumeGiB: 20 } } });
    if (cause === 'a forced request') await world.request('base', true);
    await passTime(world, cause === 'a tick' ? DAY : 0);
    await releaseAll(world);

    expect(children.map((name) => listHoldCodes(world, name))).toEqual([
      ['wave-unconfirmed'],
      ['wave-unconfirmed'],
      ['wave-unconfirmed'],
    ]);
    const [change] = world.changes().filter(({ wave }) => wave !== undefined);
    expect(change).toMatchObject({
      selector: expect.stringMatching(/^(?:definition|request|schedule):base$/),
    });
    await confirmWave(world.ports, { change: change?.id ?? '', by: 'anna' });
    await world.runUntilIdle();
    expect(world.running()).toHaveLength(3);
  });
});

describe('who waits for the confirmation of a wave', () => {
  let world: ReconcileWorld;
  beforeEach(async () => {
    world = reconcileWorld({ limits: { wave: 2 } });
    world.components.set('agents', '1.0.0');
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.apply({ name: 'middle', base: 'base' });
    await world.apply({ name: 'top', base: 'middle', components: ['agents/1.x.x'] });
    await world.runUntilIdle();
    await releaseAll(world);
    await changeBase(world, 2);
    expect(listHoldCodes(world, 'base')).toEqual(['wave-unconfirmed']);
  });
  it('holds no pipeline that has a change of its own', async () => {
    await changeComponent(world, 'agents', '1.1.0');

    expect(listRunning(world)).toEqual(['top']);
  });

  it('holds what is built on it as soon as that has come', async () => {
    await confirmFirstWave(world);

    await changeComponent(world, 'agents', '1.1.0');

    expect(listHoldCodes(world, 'top')).toEqual(['ancestor-in-progress']);
  });
});

describe('a pipeline under a wave', () => {
  let world: ReconcileWorld;
  beforeEach(async () => {
    world = reconcileWorld({ limits: { wave: 2 } });
    world.components.set('agents', '1.0.0');
    for (const name of ['one', 'two']) await world.apply({ name, base: BASE_PARAMETER });
    await world.apply({ name: 'three', base: BASE_PARAMETER, components: ['agents/1.x.x'] });
    await world.runUntilIdle();
    await releaseAll(world);
    await changeBase(world, 2);
    expect(listHoldCodes(world, 'three')).toEqual(['wave-unconfirmed']);
  });

  it('is free for its own change again when the change of the wave is taken back', async () => {
    await changeComponent(world, 'agents', '1.1.0');
    expect(listHoldCodes(world, 'three')).toEqual(['wave-unconfirmed']);

    await changeBase(world, 1);

    expect(listHoldCodes(world, 'one')).toEqual(['up-to-date']);
    expect(listRunning(world)).toEqual(['three']);
  });

  it('is free of it when its definition no longer names what has moved', async () => {
    world.parameters.set('/images/other', ami(7));
    await world.apply({ name: 'three', base: '/images/other', components: ['agents/1.x.x'] });
    await world.runUntilIdle();

    expect(listRunning(world)).toEqual(['three']);
  });

  it('goes on with the bake that a person has asked for, though a version moves that would wait', async () => {
    expect(await world.request('three')).toMatchObject({ kind: 'started' });

    await changeComponent(world, 'agents', '1.1.0');
    await passTime(world, DAY);

    expect(listRunning(world)).toEqual(['three']);
    await releaseAll(world);
    expect(world.bakes('three').map(({ state }) => state)).toEqual(['released', 'released', 'released']);
  });

  it.each(['alone', 'with others above it'])(
    'waits for it though it is not marked dirty yet, %s',
    async (how) => {
      const many = reconcileWorld({ limits: { wave: 50 } });
      many.components.set('agents', '1.0.0');
      // More than one page of a fan-out; the function dies after the first.
      for (let n = 0; n < 105; n += 1)
        await many.apply({ name: `image-${String(n).padStart(3, '0')}`, base: BASE_PARAMETER });
      await many.apply({
        name: 'zebra',
        base: BASE_PARAMETER,
        components: ['agents/1.x.x'],
        ...(how === 'alone' ? {} : { more: { inputs: [{ pipeline: 'image-000' }] } }),
      });
      await many.runUntilIdle();
      await releaseAll(many);
      many.parameters.set(BASE_PARAMETER, ami(2));
      const send = async () => {
        throw new Error('The function has died.');
      };
      many.hints.push({ topics: [`ssm:eu-west-1:${BASE_PARAMETER}`] });
      await expect(many.handleNextMessage({ reconcileQueue: { send } })).rejects.toThrow('has died');

      await changeComponent(many, 'agents', '1.1.0');

      expect(listRunning(many)).toEqual([]);
      expect(listHoldCodes(many, 'zebra')).toEqual(['wave-unconfirmed']);
    },
  );
});
