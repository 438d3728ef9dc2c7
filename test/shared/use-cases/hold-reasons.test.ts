import { describe, expect, it } from '@jest/globals';
import { keys } from '../../../shared/domain/base/naming.ts';
import { computeQueuePosition } from '../../../shared/use-cases/capacity/slots.ts';
import { disablePipeline } from '../../../shared/use-cases/definitions/disable-pipeline.ts';
import { enablePipeline } from '../../../shared/use-cases/definitions/enable-pipeline.ts';
import { confirmWave } from '../../../shared/use-cases/reconcile/confirm-wave.ts';
import { retryBake } from '../../../shared/use-cases/reconcile/retry-bake.ts';
import {
  always,
  changeBase,
  changeComponent,
  confirmFirstWave,
  DAY,
  daily,
  HOUR,
  listHoldCodes,
  listRunning,
  passTime,
  releaseAll,
} from '../../support/reconcile-steps.ts';
import { ami, BASE_PARAMETER, componentArn, reconcileWorld } from '../../support/reconcile-world.ts';

describe('a pipeline with a schedule', () => {
  it('bakes at a tick what has changed before it', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: daily });
    await world.runUntilIdle();
    expect(listHoldCodes(world, 'base')).toEqual(['schedule']);

    await passTime(world, DAY);

    expect(world.bakes('base')).toHaveLength(1);
  });

  it('lets a tick pass when there is nothing to do, and does not make up for it', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: daily });
    await passTime(world, DAY);
    await releaseAll(world);
    for (let day = 0; day < 3; day += 1) await passTime(world, DAY);
    expect(world.bakes('base')).toHaveLength(1);

    await changeBase(world, 2);
    expect(listHoldCodes(world, 'base')).toEqual(['schedule']);
    expect(world.bakes('base')).toHaveLength(1);
    await passTime(world, DAY);

    expect(world.bakes('base')).toHaveLength(2);
  });

  it('bakes at the tick though changes go on coming around it', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: { ...daily, debounce: '5m' } });
    await passTime(world, DAY);
    await releaseAll(world);
    await passTime(world, 24 * HOUR - 120);
    for (const version of [2, 3]) {
      await changeBase(world, version);
      await passTime(world, 180);
    }

    await passTime(world, 300);

    expect(world.running()).toMatchObject([{ lock: { base: { version: ami(3) } } }]);
  });

  it('waits for its next tick when its definition changes, however long it had nothing to do', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: daily });
    await passTime(world, DAY);
    await releaseAll(world);
    await passTime(world, 3 * DAY + 4 * HOUR);

    const suites = [{ name: 'boots', script: 'true once more' }];
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: daily, more: { tests: { suites } } });
    await passTime(world, HOUR);

    expect(world.running()).toEqual([]);
    expect(world.status('base')?.decision?.reasons).toMatchObject([{ code: 'schedule' }]);
    await passTime(world, DAY);
    expect(world.running()).toHaveLength(1);
  });

  it('bakes at every tick where it always starts, each with the tick as its cause', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: always });
    for (let day = 0; day < 3; day += 1) {
      await passTime(world, DAY);
      await releaseAll(world);
    }

    const bakes = world.bakes('base');
    expect(bakes).toHaveLength(3);
    const causes = bakes.slice(1).flatMap((bake) => bake.changes);
    const named = world.changes().filter(({ id }) => causes.includes(id));
    expect(named.map(({ selector }) => selector)).toEqual(['schedule:base', 'schedule:base']);
    expect(new Set(bakes.map(({ bits }) => bits)).size).toBe(3);
  });

  it('lets people finish what an earlier tick began, unless a version has moved', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: always });
    await passTime(world, DAY);
    const [first] = world.running();
    await world.advanceTo(first?.id ?? '', 'Approve');
    await passTime(world, DAY);

    expect(listHoldCodes(world, 'base')).toEqual(['bake-running']);
    expect(world.status('base')?.decision?.reasons[0]?.message).toContain('earlier time of the schedule');
    await releaseAll(world);
    expect(world.bakes('base')).toMatchObject([{ state: 'released' }, { state: 'released' }]);

    await passTime(world, DAY);
    await changeBase(world, 2);
    await passTime(world, DAY);
    await world.endStopped();
    await world.runUntilIdle();
    expect(world.bakes('base').map(({ state }) => state)).toEqual([
      'released',
      'released',
      'superseded',
      'queued',
    ]);
  });

  it('loses no tick to a definition that changes something else', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: always });
    await passTime(world, DAY);
    await releaseAll(world);
    world.clock.forward(DAY);
    await world.apply({
      name: 'base',
      base: BASE_PARAMETER,
      triggers: always,
      more: { description: 'other words' },
    });
    await world.runUntilIdle();

    expect(world.bakes('base')).toHaveLength(2);
  });

  it('bakes by a rate when so much time has passed since it was applied', async () => {
    const world = reconcileWorld();
    world.clock.forward(17 * 60);
    const schedule = { expression: 'rate(1 day)', startCondition: 'always' as const };
    const triggers = { mode: 'schedule' as const, schedule };
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers });
    await passTime(world, DAY - 1);
    expect(listHoldCodes(world, 'base')).toEqual(['schedule']);

    await passTime(world, 1);
    expect(world.bakes('base')).toHaveLength(1);

    await releaseAll(world);
    world.clock.forward(DAY / 2);
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers, more: { description: 'other words' } });
    await passTime(world, DAY / 2);
    expect(world.bakes('base')).toHaveLength(2);
  });

  it('bakes again at the next tick what was refused at the last', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: always });
    await passTime(world, DAY);
    for (const { id } of world.running()) await world.fail(id, 'ApprovalExpired', 'Expired.');
    await world.runUntilIdle();
    expect(listHoldCodes(world, 'base')).toEqual(['refused', 'schedule']);

    await passTime(world, DAY);

    expect(world.bakes('base')).toHaveLength(2);
  });

  it('keeps a tick open while something else holds it', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'parent', base: BASE_PARAMETER });
    await world.runUntilIdle();
    await releaseAll(world);
    await world.apply({ name: 'child', base: 'parent', triggers: daily });
    await world.runUntilIdle();
    await changeBase(world, 2);
    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['parent']);

    await passTime(world, DAY);
    expect(listHoldCodes(world, 'child')).toEqual(['ancestor-in-progress']);
    await releaseAll(world);

    expect(world.bakes('child')).toHaveLength(1);
  });
});

describe('a tick that comes while nothing can start', () => {
  it('is open still when the first release of its parent has come', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'parent', base: BASE_PARAMETER });
    await world.apply({ name: 'child', base: 'parent', triggers: daily });
    await world.runUntilIdle();
    await passTime(world, DAY);
    expect(listHoldCodes(world, 'child')).toContain('unresolved');

    await releaseAll(world);

    expect(world.bakes('child')).toHaveLength(1);
  });

  it('is open still when a person lets the wave begin', async () => {
    const world = reconcileWorld({ limits: { wave: 1 } });
    for (const name of ['one', 'two']) {
      await world.apply({ name, base: BASE_PARAMETER, triggers: daily });
      await passTime(world, DAY);
      await releaseAll(world);
    }
    await changeBase(world, 2);
    await passTime(world, DAY);
    expect(listHoldCodes(world, 'one')).toContain('wave-unconfirmed');

    const [wave] = world.changes().filter((change) => change.wave !== undefined);
    await confirmWave(world.ports, { change: wave?.id ?? '', by: 'anna' });
    await world.runUntilIdle();

    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['one', 'two']);
  });

  it('passes while the pipeline is disabled', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: daily });
    await world.runUntilIdle();
    await disablePipeline(world.ports, { pipeline: 'base', by: 'anna', reason: 'not now' });
    for (let day = 0; day < 3; day += 1) await passTime(world, DAY);

    await enablePipeline(world.ports, { pipeline: 'base' });
    await world.runUntilIdle();
    expect(listHoldCodes(world, 'base')).toEqual(['schedule']);
    expect(world.bakes('base')).toHaveLength(0);

    await passTime(world, DAY);
    expect(world.bakes('base')).toHaveLength(1);
  });

  it('passes while the pipeline is disabled, though a wave holds it, too', async () => {
    const world = reconcileWorld({ limits: { wave: 1 } });
    for (const name of ['one', 'two']) {
      await world.apply({ name, base: BASE_PARAMETER, triggers: daily });
      await passTime(world, DAY);
      await releaseAll(world);
    }
    await disablePipeline(world.ports, { pipeline: 'one', by: 'anna', reason: 'not now' });
    await changeBase(world, 2);
    await passTime(world, DAY + 4 * HOUR);
    await enablePipeline(world.ports, { pipeline: 'one' });
    await world.runUntilIdle();

    await confirmFirstWave(world);

    expect(listHoldCodes(world, 'one')).toEqual(['schedule']);
  });

  it('passes where the versions were refused, and what is newer waits for the next', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: daily });
    await passTime(world, DAY);
    for (const { id } of world.running()) await world.fail(id, 'ApprovalRejected', 'Not there.');
    await world.runUntilIdle();
    for (let day = 0; day < 2; day += 1) await passTime(world, DAY);

    await changeBase(world, 2);
    expect(listHoldCodes(world, 'base')).toEqual(['schedule']);

    await passTime(world, DAY);
    expect(world.bakes('base')).toHaveLength(2);
  });
});

describe('a pipeline that waits', () => {
  it('does so through a freeze window, and starts at its end', async () => {
    const world = reconcileWorld();
    const from = world.clock.now();
    const to = new Date(from.getTime() + 2 * HOUR * 1000);
    await world.apply({
      name: 'base',
      base: BASE_PARAMETER,
      triggers: { freeze: [{ reason: 'the sale', from: from.toISOString(), to: to.toISOString() }] },
    });
    await world.runUntilIdle();
    expect(listHoldCodes(world, 'base')).toEqual(['freeze']);
    await passTime(world, HOUR);
    expect(world.bakes('base')).toHaveLength(0);

    await passTime(world, HOUR + 60);

    expect(world.bakes('base')).toHaveLength(1);
  });

  it('for more changes, but no longer than the longest wait', async () => {
    const world = reconcileWorld();
    await world.apply({
      name: 'base',
      base: BASE_PARAMETER,
      triggers: { debounce: '10m', longestWait: '25m' },
    });
    for (let minutes = 0; minutes < 24; minutes += 6) {
      await passTime(world, 360);
      await changeBase(world, 2 + minutes);
    }
    expect(world.bakes('base')).toHaveLength(0);
    await passTime(world, 120);

    expect(world.bakes('base')).toHaveLength(1);
  });

  it('for no ancestor that is frozen for longer than it would wait', async () => {
    const world = reconcileWorld();
    const agents = world.publishComponent('agents', '1.0.0');
    const freeze = [{ reason: 'an audit', from: '2026-03-02T09:00:00Z', to: '2026-03-20T09:00:00Z' }];
    await world.apply({ name: 'parent', base: BASE_PARAMETER, triggers: { freeze } });
    await world.apply({ name: 'child', base: 'parent', components: ['agents/1.x.x'] });
    await world.runUntilIdle();
    await releaseAll(world);
    await passTime(world, 2 * HOUR);
    await changeBase(world, 2);
    expect(listHoldCodes(world, 'parent')).toEqual(['freeze']);

    world.publishComponent('agents', '1.1.0');
    await world.detect(agents);
    await world.runUntilIdle();

    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['child']);
  });

  it('for no ancestor that is frozen for so long, though a bake of it is requested', async () => {
    const world = reconcileWorld();
    world.components.set('agents', '1.0.0');
    const freeze = [{ reason: 'an audit', from: '2026-03-02T09:00:00Z', to: '2026-03-20T09:00:00Z' }];
    await world.apply({ name: 'parent', base: BASE_PARAMETER, triggers: { freeze } });
    await world.apply({ name: 'child', base: 'parent', components: ['agents/1.x.x'] });
    await world.runUntilIdle();
    await releaseAll(world);
    await passTime(world, 2 * HOUR);
    await changeBase(world, 2);
    expect(await world.request('parent')).toMatchObject({ kind: 'held', reasons: [{ code: 'freeze' }] });

    await changeComponent(world, 'agents', '1.1.0');

    expect(listRunning(world)).toEqual(['child']);
  });

  it('no longer than maxHold, whatever it is told of meanwhile', async () => {
    const world = reconcileWorld();
    world.components.set('agents', '1.0.0');
    await world.apply({ name: 'parent', base: BASE_PARAMETER });
    const triggers = { debounce: '4h', longestWait: '4h', maxHold: '5h' };
    await world.apply({ name: 'child', base: 'parent', components: ['agents/1.x.x'], triggers });
    await passTime(world, 0);
    await releaseAll(world);
    for (let quarter = 0; quarter < 18; quarter += 1) await passTime(world, 900);
    await releaseAll(world);
    await changeBase(world, 2);
    await world.advanceTo(world.running()[0]?.id ?? '', 'Approve');
    await changeComponent(world, 'agents', '1.1.0');
    for (let quarter = 0; quarter < 18; quarter += 1) await passTime(world, 900);
    expect(listHoldCodes(world, 'child')).toEqual(['ancestor-in-progress']);

    await changeComponent(world, 'agents', '1.2.0');
    for (let quarter = 0; quarter < 17; quarter += 1) await passTime(world, 900);
    // The debounce of 4 hours held it as well, so only what came after it counts.
    expect(listRunning(world)).toEqual(['parent']);
    for (let quarter = 0; quarter < 2; quarter += 1) await passTime(world, 900);

    expect(listRunning(world)).toEqual(['parent', 'child']);
  });

  it('for its base at a tick that both share, however old the change is', async () => {
    const world = reconcileWorld();
    const weekly = { mode: 'schedule' as const, schedule: { expression: 'cron(0 3 ? * SUN *)' } };
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.runUntilIdle();
    await releaseAll(world);
    world.components.set('agents', '1.0.0');
    await world.apply({ name: 'child', base: 'base', components: ['agents/1.x.x'] });
    await world.runUntilIdle();
    await releaseAll(world);
    await world.apply({ name: 'base', base: BASE_PARAMETER, components: ['agents/1.x.x'], triggers: weekly });
    await world.apply({ name: 'child', base: 'base', components: ['agents/1.x.x'], triggers: weekly });
    await changeComponent(world, 'agents', '1.1.0');
    const before = world.bakes().length;
    for (let day = 0; day < 5; day += 1) await passTime(world, DAY);
    expect(world.bakes()).toHaveLength(before);

    await passTime(world, 19 * HOUR);

    expect(listRunning(world)).toEqual(['base']);
    expect(listHoldCodes(world, 'child')).toEqual(['ancestor-in-progress']);
    await releaseAll(world);
    expect(world.bakes().slice(before)).toMatchObject([
      { pipeline: 'base' },
      { pipeline: 'child', lock: { base: { version: world.channel('base')?.release } } },
    ]);
  });

  it('for the end of a freeze window though a person tries a bake again, unless that is forced', async () => {
    const world = reconcileWorld();
    const freeze = [{ reason: 'the sale', from: '2026-03-02T09:00:00Z', to: '2026-03-02T12:00:00Z' }];
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: { freeze } });
    await world.runUntilIdle();
    const bake = world.running()[0]?.id ?? '';
    await world.fail(bake);
    await passTime(world, 2 * HOUR);

    await expect(retryBake(world.ports, { bake, by: 'anna', force: false })).rejects.toMatchObject({
      code: 'pipeline-frozen',
      message: `base is frozen until 2026-03-02 12:00 UTC: the sale. Retry bake ${bake} after that, or now with: ovenbird retry ${bake} --force`,
    });
    expect(world.running()).toEqual([]);

    await retryBake(world.ports, { bake, by: 'anna', force: true });
    expect(world.running()).toMatchObject([{ id: bake, attempt: 2 }]);
  });

  it('for an ancestor only while that alone holds it: maxHold does not pass in a freeze window or when disabled', async () => {
    const world = reconcileWorld();
    world.components.set('agents', '1.0.0');
    await world.apply({ name: 'parent', base: BASE_PARAMETER });
    const until = new Date(world.clock.now().getTime() + 6 * HOUR * 1000).toISOString();
    await world.apply({
      name: 'child',
      base: 'parent',
      components: ['agents/1.x.x'],
      triggers: { maxHold: '2h' },
    });
    await world.runUntilIdle();
    await releaseAll(world);
    const freeze = [{ reason: 'the sale', from: '2026-03-01T00:00:00Z', to: until }];
    const triggers = { maxHold: '2h', freeze };
    await world.apply({ name: 'child', base: 'parent', components: ['agents/1.x.x'], triggers });
    await changeBase(world, 2);
    await world.advanceTo(world.running()[0]?.id ?? '', 'Approve');
    await changeComponent(world, 'agents', '1.1.0');
    expect(listHoldCodes(world, 'child')).toEqual(['freeze', 'ancestor-in-progress']);
    const waitQuarters = async (count: number) => {
      for (let quarter = 0; quarter < count; quarter += 1) await passTime(world, 900);
    };

    await waitQuarters(24 + 4);
    expect(listHoldCodes(world, 'child')).toEqual(['ancestor-in-progress']);
    await disablePipeline(world.ports, { pipeline: 'child', by: 'anna', reason: 'not now' });
    await waitQuarters(12);
    await enablePipeline(world.ports, { pipeline: 'child' });
    await waitQuarters(3);
    expect(listRunning(world)).toEqual(['parent']);
    await waitQuarters(2);

    expect(listRunning(world)).toEqual(['parent', 'child']);
  });

  it('while it is pinned, until a bake is requested', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER, more: { lifecycle: { pinned: true } } });
    await world.runUntilIdle();
    expect(listHoldCodes(world, 'base')).toEqual(['pinned']);

    expect(await world.request('base')).toMatchObject({ kind: 'started' });
  });
});

describe('slots for bakes', () => {
  it('are given to the longest chain first, and again when one is free', async () => {
    const world = reconcileWorld({ limits: { bakes: 1 } });
    world.components.set('agents', '1.0.0');
    await world.apply({ name: 'first', base: BASE_PARAMETER });
    await world.runUntilIdle();
    await world.apply({ name: 'lonely', base: BASE_PARAMETER });
    await world.runUntilIdle();
    world.clock.forward(60);
    await world.apply({ name: 'parent', base: BASE_PARAMETER });
    await world.apply({ name: 'child', base: 'parent' });
    await world.runUntilIdle();
    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['first']);
    expect(listHoldCodes(world, 'lonely')).toEqual(['concurrency']);
    expect(listHoldCodes(world, 'parent')).toEqual(['concurrency']);

    const order: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const [bake] = world.running();
      if (bake === undefined) break;
      order.push(bake.pipeline);
      world.clock.forward(60);
      await world.release(bake.id);
      await world.runUntilIdle();
      await world.sweep();
      await world.runUntilIdle();
    }

    expect(order).toEqual(['first', 'parent', 'lonely', 'child']);
  });

  it('are given to one that goes on changing, too', async () => {
    const world = reconcileWorld({ limits: { bakes: 1 } });
    world.parameters.set('/other', ami(100));
    const triggers = { debounce: '10m', longestWait: '25m' };
    await world.apply({ name: 'parent', base: BASE_PARAMETER, triggers });
    await world.apply({ name: 'child', base: 'parent' });
    await passTime(world, 601);
    await releaseAll(world);
    await world.apply({ name: 'first', base: '/other' });
    await world.runUntilIdle();
    await changeBase(world, 2);
    await passTime(world, HOUR);
    for (const name of ['leaf-1', 'leaf-2', 'leaf-3']) await world.apply({ name, base: '/other' });
    await world.runUntilIdle();
    expect(listHoldCodes(world, 'parent')).toEqual(['concurrency']);

    const order: (string | undefined)[] = [];
    for (let version = 3; version < 7; version += 1) {
      await changeBase(world, version);
      for (let minute = 0; minute < 6; minute += 1) await passTime(world, 60);
      order.push(...listRunning(world));
      for (const { id } of world.running()) await world.release(id);
      await world.sweep();
      await world.runUntilIdle();
    }

    expect(order.slice(0, 3)).toContain('parent');
  });

  it('are not taken past the line by one that has just changed', async () => {
    const world = reconcileWorld({ limits: { bakes: 1 } });
    world.parameters.set('/other', ami(7));
    await world.apply({ name: 'leaf', base: '/other' });
    await world.runUntilIdle();
    await releaseAll(world);
    await world.apply({ name: 'first', base: BASE_PARAMETER });
    await world.runUntilIdle();
    await world.apply({ name: 'parent', base: BASE_PARAMETER });
    await world.apply({ name: 'child', base: 'parent' });
    await world.runUntilIdle();
    expect(listHoldCodes(world, 'parent')).toEqual(['concurrency']);

    await world.release(world.running()[0]?.id ?? '');
    world.parameters.set('/other', ami(8));
    await world.detect('ssm:eu-west-1:/other');
    await world.runUntilIdle();
    await world.sweep();
    await world.runUntilIdle();

    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['parent']);
  });

  it('go first to the pipeline with more dependents than are counted', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'wide', base: BASE_PARAMETER });
    await world.apply({ name: 'narrow', base: BASE_PARAMETER });
    await world.apply({ name: 'below', base: 'narrow' });
    const selector = 'pipeline:wide/stable';
    const user = (pipeline: string) => ({ selector, pipeline, debounceSeconds: 0 });
    const names = Array.from({ length: 1001 }, (_, index) => `image-${index}`);
    await world.table.write([{ put: { ...keys.selector(selector), key: selector } }]);
    for (const name of names)
      await world.table.write([{ put: { ...keys.selectorDependent(selector, name), ...user(name) } }]);

    const positions = await Promise.all(
      ['wide', 'narrow'].map((name) => computeQueuePosition(world.table, name, '2026-03-02T08:00:00.000Z')),
    );

    expect(positions).toEqual([...positions].sort());
  });

  it('are free again while a person is asked', async () => {
    const world = reconcileWorld({ limits: { bakes: 1 } });
    await world.apply({ name: 'first', base: BASE_PARAMETER });
    await world.apply({ name: 'second', base: BASE_PARAMETER });
    await world.runUntilIdle();
    const [bake] = world.running();
    await world.advanceTo(bake?.id ?? '', 'Approve');
    await world.sweep();
    await world.runUntilIdle();

    expect(world.running()).toHaveLength(2);
  });

  it('are given to one after another of a team, though others of it stand in the line of the account', async () => {
    const world = reconcileWorld({ limits: { bakes: 2, bakesOfTeam: 1 } });
    for (const name of ['other', 'another'])
      await world.apply({ name, base: BASE_PARAMETER, more: { team: name } });
    await world.runUntilIdle();
    const team = ['one', 'two', 'three', 'four', 'five'];
    for (const name of team) await world.apply({ name, base: BASE_PARAMETER, more: { team: 'web' } });
    await world.runUntilIdle();
    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['other', 'another']);

    for (const bake of world.running()) await world.release(bake.id);
    for (const done of team) {
      await passTime(world, 60);
      expect({ done, running: world.running() }).toMatchObject({ running: [expect.anything()] });
      for (const bake of world.running()) await world.release(bake.id);
    }

    expect(world.bakes().map(({ pipeline }) => pipeline)).toEqual(expect.arrayContaining(team));
  });

  it('are counted for each team', async () => {
    const world = reconcileWorld({ limits: { bakesOfTeam: 1 } });
    for (const name of ['one', 'two'])
      await world.apply({ name, base: BASE_PARAMETER, more: { team: 'web' } });
    await world.apply({ name: 'other', base: BASE_PARAMETER, more: { team: 'data' } });
    await world.runUntilIdle();

    expect(
      world
        .running()
        .map(({ pipeline }) => pipeline)
        .sort(),
    ).toEqual(['one', 'other']);
    expect(listHoldCodes(world, 'two')).toEqual(['concurrency']);
  });

  it('are counted together for pipelines that name no team', async () => {
    const world = reconcileWorld({ limits: { bakesOfTeam: 1 } });
    for (const name of ['one', 'two']) await world.apply({ name, base: BASE_PARAMETER });
    await world.runUntilIdle();

    expect(world.running()).toHaveLength(1);
    expect(listHoldCodes(world, 'two')).toEqual(['concurrency']);
  });
});

describe('what a bake takes up', () => {
  it('are the changes that make the difference, and no others', async () => {
    const world = reconcileWorld();
    world.components.set('agents', '1.0.0');
    await world.apply({
      name: 'base',
      base: BASE_PARAMETER,
      components: ['agents/1.x.x'],
      triggers: { debounce: '10m' },
    });
    await passTime(world, 601);
    await releaseAll(world);
    await world.apply({
      name: 'base',
      base: BASE_PARAMETER,
      components: ['agents/1.x.x'],
      triggers: { debounce: '10m' },
      more: { description: 'says more' },
    });
    await changeBase(world, 2);
    await changeBase(world, 1);
    world.publishComponent('agents', '1.1.0');
    await world.detect(componentArn('agents', '1.1.0').split('/').slice(0, 2).join('/'));
    await passTime(world, 601);

    const [, second] = world.bakes('base');
    const named = world.changes().filter(({ id }) => second?.changes.includes(id));
    expect(named.map(({ selector }) => selector)).toEqual([`component:${componentArn('agents', '1.x.x')}`]);
  });

  it('waits for every pipeline that it depends on, not for its base alone', async () => {
    const world = reconcileWorld();
    for (const name of ['one', 'two']) await world.apply({ name, base: BASE_PARAMETER });
    await world.runUntilIdle();
    await releaseAll(world);
    await world.apply({ name: 'both', base: 'one', more: { inputs: [{ pipeline: 'two' }] } });
    await world.runUntilIdle();
    await releaseAll(world);
    await changeBase(world, 2);
    const [one] = world.running().filter(({ pipeline }) => pipeline === 'one');
    await world.release(one?.id ?? '');
    await world.runUntilIdle();
    expect(listHoldCodes(world, 'both')).toEqual(['ancestor-in-progress']);
    await releaseAll(world);

    expect(world.bakes('both')).toHaveLength(2);
  });
});
