import { describe, expect, it } from '@jest/globals';
import { keys } from '../../../shared/domain/base/naming.ts';
import { retryBake } from '../../../shared/use-cases/reconcile/retry-bake.ts';
import { ami, BASE_PARAMETER, componentArn, reconcileWorld } from '../../support/reconcile-world.ts';

const BASE_TOPIC = `ssm:eu-west-1:${BASE_PARAMETER}`;

/** `base` on the public parameter, `web` on it; both use the component `agents`. All released. */
async function shop() {
  const world = reconcileWorld();
  world.components.set('agents', '1.0.0');
  await world.apply({ name: 'base', base: BASE_PARAMETER, components: ['agents/1.x.x'] });
  await world.apply({ name: 'web', base: 'base', components: ['agents/1.x.x'] });
  await world.runUntilIdle();
  await releaseAll(world);
  return world;
}

async function releaseAll(world: ReturnType<typeof reconcileWorld>): Promise<void> {
  for (let rounds = 0; rounds < 20; rounds += 1) {
    const [next] = world.running();
    if (next === undefined) return;
    await world.release(next.id);
    await world.runUntilIdle();
  }
  throw new Error('There is always another bake.');
}

describe('a change', () => {
  it('leads from the base to the child, base first, with one cause', async () => {
    const world = await shop();
    expect(world.bakes().map(({ pipeline }) => pipeline)).toEqual(['base', 'web']);

    world.parameters.set(BASE_PARAMETER, ami(2));
    await world.detect(BASE_TOPIC);
    await world.runUntilIdle();

    const [running] = world.running();
    expect(world.running()).toHaveLength(1);
    expect(running?.pipeline).toBe('base');
    expect(running?.lock.base.version).toBe(ami(2));
    await releaseAll(world);
    const [child] = world.bakes('web').slice(-1);
    expect(world.bakes()).toHaveLength(4);
    expect(child?.causes).toEqual(running?.causes);
    expect(child?.lock.base.version).toBe(world.channel('base')?.release);
    expect(child?.reason).toContain('pipeline base');
  });

  it('of a component that base and child share gives two bakes, not three', async () => {
    const world = await shop();

    await world.detect(world.publishComponent('agents', '1.1.0'));
    await world.runUntilIdle();

    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['base']);
    expect(world.status('web')?.decision?.reasons[0]?.code).toBe('ancestor-in-progress');
    await releaseAll(world);
    expect(world.bakes('base')).toHaveLength(2);
    expect(world.bakes('web')).toHaveLength(2);
    expect(world.bakes('web').at(-1)?.lock.components[0]?.version).toBe(
      `${componentArn('agents', '1.1.0')}/1`,
    );
  });

  it('that is hinted at ten times is detected once', async () => {
    const world = await shop();
    const before = world.changes().length;
    world.parameters.set(BASE_PARAMETER, ami(2));

    await Promise.all(Array.from({ length: 10 }, () => world.detect(BASE_TOPIC)));
    await world.runUntilIdle();

    expect(world.changes()).toHaveLength(before + 1);
    expect(world.bakes('base')).toHaveLength(2);
  });

  it('that no event tells of is found by the resync, which resolves each selector once', async () => {
    const world = await shop();
    world.parameters.set(BASE_PARAMETER, ami(2));
    world.resolved.length = 0;

    const counts = await world.resync();
    await world.runUntilIdle();

    expect(counts).toEqual({ selectors: 2, topics: 2, unfinished: 0 });
    expect(world.resolved).toHaveLength(2);
    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['base']);
  });

  it('back to an older version of a component is none', async () => {
    const world = await shop();
    await world.detect(world.publishComponent('agents', '1.2.0'));
    await world.runUntilIdle();
    await releaseAll(world);
    const before = world.changes().length;

    await world.detect(world.publishComponent('agents', '1.1.0'));

    expect(world.changes()).toHaveLength(before);
  });

  it.each([
    [
      'a label of a parameter',
      { ssm: '/outside/base:approved' },
      '/outside/base:approved',
      'ssm:eu-west-1:/outside/base',
    ],
    [
      'the newest packages of a feed',
      {
        packages: {
          feed: 'https://packages.example.com/Packages',
          format: 'apt' as const,
          names: ['openssl'],
        },
      },
      'packages:https://packages.example.com/Packages',
      'packages:https://packages.example.com/Packages',
    ],
    [
      'a tag of a container image',
      { container: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:stable' },
      'container:web:stable',
      'container:111122223333.dkr.ecr.eu-west-1.amazonaws.com/web',
    ],
  ])('of %s is recorded, though its topic names more than it', async (_, input, place, topic) => {
    const world = reconcileWorld();
    world.parameters.set(place, 'ami-00000000000000001');
    world.sources.values.set(place, 'one');
    await world.apply({ name: 'app', base: BASE_PARAMETER, more: { inputs: [input] } });
    world.parameters.set(place, 'ami-00000000000000002');
    world.sources.values.set(place, 'two');

    const outcome = await world.detect(topic);

    expect(outcome).toMatchObject({ kind: 'detected', changes: [{ to: expect.stringMatching(/2$|two/) }] });
  });

  it('of what cannot be read keeps the last version and says so on the selector', async () => {
    const world = await shop();
    world.parameters.delete(BASE_PARAMETER);

    const outcome = await world.detect(BASE_TOPIC);

    expect(outcome).toMatchObject({ kind: 'detected', changes: [], problems: [{ selector: BASE_TOPIC }] });
    const row = world.table.peek(keys.selector(BASE_TOPIC));
    expect(row).toMatchObject({ version: ami(1), problem: 'there is nothing of that name' });
  });

  it('reaches hundreds of pipelines, a page at a time, and goes on after a crash', async () => {
    const world = reconcileWorld({ pageSize: 30 });
    const names = Array.from({ length: 250 }, (_, n) => `app-${String(n).padStart(3, '0')}`);
    for (const name of names) await world.apply({ name, base: BASE_PARAMETER, triggers: { mode: 'manual' } });
    world.parameters.set(BASE_PARAMETER, ami(2));
    const [send, failing] = [world.ports.reconcileQueue.send, { count: 0 }];
    world.ports.reconcileQueue.send = async (requests) => {
      failing.count += 1;
      if (failing.count === 3) throw new Error('gone');
      await send(requests);
    };

    await expect(world.detect(BASE_TOPIC)).rejects.toThrow('gone');
    world.clock.forward(120);
    await world.sweep();

    const change = world.changes().find(({ selector, to }) => selector === BASE_TOPIC && to === ami(2));
    const marked = names.filter((name) => world.status(name)?.changes.includes(change?.id ?? ''));
    expect(marked).toHaveLength(250);
    expect(change?.fanOut).toBe('done');
  });
});

/** `base` on the public parameter, whose only bake has failed. */
async function failing() {
  const world = reconcileWorld();
  await world.apply({ name: 'base', base: BASE_PARAMETER });
  await world.runUntilIdle();
  const bake = world.bakes('base')[0]?.id ?? '';
  await world.fail(bake);
  return { world, bake };
}

describe('reconcile', () => {
  it('tells those who wait for a first release once, however many paths lead to them', async () => {
    const world = reconcileWorld();
    const names = Array.from({ length: 11 }, (_, n) => `step-${String(n).padStart(2, '0')}`);
    for (const [n, name] of names.entries()) {
      const inputs = names.slice(1, n).map((pipeline) => ({ pipeline }));
      const base = n === 0 ? BASE_PARAMETER : (names[0] ?? '');
      await world.apply({ name, base, triggers: n === 0 ? { mode: 'manual' } : {}, more: { inputs } });
    }

    await world.runUntilIdle();

    expect(world.status('step-10')?.decision?.reasons[0]?.code).toBe('unresolved');
  });

  it('tests again and builds nothing, when a test component changes that only it uses', async () => {
    const world = reconcileWorld();
    const topic = world.publishComponent('proof', '1.0.0');
    const tests = { suites: [{ name: 'boots', script: 'true' }], components: [{ component: 'proof/1.x.x' }] };
    await world.apply({ name: 'base', base: BASE_PARAMETER, more: { tests } });
    await world.runUntilIdle();
    await releaseAll(world);

    world.publishComponent('proof', '1.1.0');
    await world.detect(topic);
    await world.runUntilIdle();

    expect(world.bakes('base').at(-1)?.startsAt).toBe('Test');
  });

  it('names a request that waits for the end of a bake, though a change comes first', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.runUntilIdle();
    await world.request('base', true);
    const request = world.changes().find(({ selector }) => selector === 'request:base');
    world.parameters.set(BASE_PARAMETER, ami(2));
    await world.endStopped();

    await world.detect(BASE_TOPIC);
    await world.runUntilIdle();

    expect(world.bakes('base').at(-1)?.changes).toContain(request?.id);
  });

  it('is not tried again once it would be made of other versions', async () => {
    const { world, bake } = await failing();
    world.parameters.set(BASE_PARAMETER, ami(2));
    await world.detect(BASE_TOPIC);
    await world.runUntilIdle();
    await releaseAll(world);

    await expect(retryBake(world.ports, { bake, by: 'anna', force: false })).rejects.toMatchObject({
      name: 'BakeNotRetryable',
      message: expect.stringContaining('ovenbird bake base'),
    });
  });

  it('is not tried again once another bake has released what it was to make', async () => {
    const { world, bake } = await failing();
    await world.request('base');
    await releaseAll(world);

    await expect(retryBake(world.ports, { bake, by: 'anna', force: false })).rejects.toMatchObject({
      name: 'BakeNotRetryable',
      message: expect.stringContaining(`release ${world.channel('base')?.release}`),
    });
    expect(world.running()).toEqual([]);
  });

  it('is tried again for a target that the release is not in, whatever refused it before', async () => {
    const world = reconcileWorld();
    const spec = { name: 'base', base: BASE_PARAMETER };
    await world.apply(spec);
    await world.runUntilIdle();
    await releaseAll(world);
    const targets = [{ account: '222233334444', regions: ['eu-west-1'] }];
    await world.apply({ ...spec, more: { distribution: { targets } } });
    await world.runUntilIdle();
    const bake = world.running()[0]?.id ?? '';
    await world.fail(bake, 'ApprovalRejected', 'Not there.');
    await world.runUntilIdle();

    await retryBake(world.ports, { bake, by: 'anna', force: false });

    expect(world.running().map(({ id }) => id)).toEqual([bake]);
  });

  it('names no forced request that the current release has answered', async () => {
    const { world } = await failing();
    await world.request('base', true);
    const forced = world.running()[0]?.id ?? '';
    await world.fail(forced);
    const moveTo = async (version: string) => {
      world.parameters.set(BASE_PARAMETER, version);
      await world.detect(BASE_TOPIC);
      await world.runUntilIdle();
    };
    await moveTo(ami(2));
    await releaseAll(world);
    await moveTo(ami(1));
    await retryBake(world.ports, { bake: forced, by: 'anna', force: false });
    await world.fail(forced);

    await moveTo(ami(3));

    const names = world
      .bakes('base')
      .at(-1)
      ?.changes.map((id) => world.change(id)?.selector);
    expect(new Set(names)).toEqual(new Set([BASE_TOPIC]));
  });

  it('does not name again what a bake was tried again for', async () => {
    const { world, bake } = await failing();
    await retryBake(world.ports, { bake, by: 'anna', force: false });
    await releaseAll(world);

    world.parameters.set(BASE_PARAMETER, ami(2));
    await world.detect(BASE_TOPIC);
    await world.runUntilIdle();

    const names = world
      .bakes('base')
      .at(-1)
      ?.changes.map((id) => world.change(id)?.selector);
    expect(names).toEqual([BASE_TOPIC]);
  });

  it('lets a bake finish that two others gave way to, though the definition changes once more', async () => {
    const world = reconcileWorld();
    const apply = (script: string) =>
      world.apply({
        name: 'base',
        base: BASE_PARAMETER,
        more: { tests: { suites: [{ name: 'boots', script }] } },
      });
    for (const script of ['one', 'two', 'three', 'four']) {
      await apply(script);
      await world.runUntilIdle();
      await world.endStopped();
      await world.runUntilIdle();
    }

    expect(world.bakes('base').map(({ state }) => state)).toEqual(['superseded', 'superseded', 'queued']);
    expect(world.status('base')?.decision?.reasons[0]?.code).toBe('superseded-twice');
  });

  it('keeps the change that brings a new target while a bake for the old ones runs', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.runUntilIdle();
    const targets = [{ account: '444455556666', regions: ['eu-west-1'] }];

    await world.apply({ name: 'base', base: BASE_PARAMETER, more: { distribution: { targets } } });
    await world.runUntilIdle();
    await releaseAll(world);

    const bake = world.bakes('base')[1];
    expect(bake?.startsAt).toBe('Approve');
    expect(bake?.changes.map((id) => world.change(id)?.selector)).toEqual(['definition:base']);
  });

  it('starts at most one bake per fingerprint, however often it is asked', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });

    for (let count = 0; count < 8; count += 1) world.reconcileRequests.push({ pipeline: 'base', at: 0 });
    await world.runUntilIdle();

    expect(world.bakes()).toHaveLength(1);
    expect(world.executions.size).toBe(1);
  });

  it('waits for the debounce, then takes all changes up at once', async () => {
    const world = reconcileWorld();
    world.components.set('agents', '1.0.0');
    await world.apply({
      name: 'base',
      base: BASE_PARAMETER,
      components: ['agents/1.x.x'],
      triggers: { debounce: '5m' },
    });
    await world.runUntilIdle();
    expect(world.bakes()).toHaveLength(0);

    world.clock.forward(200);
    await world.detect(world.publishComponent('agents', '1.1.0'));
    world.clock.forward(200);
    await world.runUntilIdle();
    expect(world.status('base')?.decision?.reasons[0]?.code).toBe('debounce');
    world.clock.forward(101);
    await world.runUntilIdle();

    expect(world.bakes()).toHaveLength(1);
    expect(world.bakes()[0]?.changes).toHaveLength(3);
  });

  it('leaves a manual pipeline alone until a person requests a bake', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: { mode: 'manual' } });
    await world.runUntilIdle();
    expect(world.status('base')?.decision?.reasons[0]?.code).toBe('manual');

    const answer = await world.request('base');

    expect(answer).toMatchObject({ kind: 'started' });
    expect(world.bakes()[0]).toMatchObject({ requestedBy: 'anna' });
  });

  it('does not let a manual base hold its children', async () => {
    const world = await shop();
    await world.apply({
      name: 'base',
      base: BASE_PARAMETER,
      components: ['agents/1.x.x'],
      triggers: { mode: 'manual' },
    });
    await world.runUntilIdle();

    await world.detect(world.publishComponent('agents', '1.1.0'));
    await world.runUntilIdle();

    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['web']);
  });

  it('holds a child for at most maxHold, then builds on the release that there is', async () => {
    const world = await shop();
    await world.apply({
      name: 'web',
      base: 'base',
      components: ['agents/1.x.x'],
      triggers: { maxHold: '1h' },
    });
    await world.runUntilIdle();
    await world.detect(world.publishComponent('agents', '1.1.0'));
    await world.runUntilIdle();
    const [base] = world.running();

    world.clock.forward(3601);
    await world.sweep();
    await world.runUntilIdle();

    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['base', 'web']);
    expect(base?.endedAt).toBeUndefined();
  });

  it('answers "up to date" where nothing changed, and bakes all the same by force, once', async () => {
    const world = await shop();

    const calm = await world.request('base');
    const forced = await world.request('base', true);
    await releaseAll(world);
    const after = await world.request('base');

    expect(calm).toMatchObject({ kind: 'up-to-date' });
    expect(forced).toMatchObject({ kind: 'started' });
    expect(after).toMatchObject({ kind: 'up-to-date' });
    expect(world.bakes('base')).toHaveLength(2);
    expect(world.bakes('web')).toHaveLength(2);
  });

  it('answers a request for a child whose base is baking with the reason that holds it', async () => {
    const world = await shop();
    world.parameters.set(BASE_PARAMETER, ami(2));
    await world.detect(BASE_TOPIC);
    await world.runUntilIdle();

    const answer = await world.request('web', true);

    expect(answer).toMatchObject({ kind: 'held', reasons: [{ code: 'ancestor-in-progress' }] });
    await releaseAll(world);
    expect(world.bakes('web').at(-1)?.requestedBy).toBe('anna');
  });

  it('supersedes a bake before its approval, twice in a row, and then lets one finish', async () => {
    const world = await shop();
    const move = async (number: number) => {
      world.parameters.set(BASE_PARAMETER, ami(number));
      await world.detect(BASE_TOPIC);
      await world.runUntilIdle();
      await world.endStopped();
      await world.runUntilIdle();
    };

    await move(2);
    await move(3);
    await move(4);
    await move(5);

    const states = world.bakes('base').map(({ state }) => state);
    expect(states).toEqual(['released', 'superseded', 'superseded', 'queued']);
    expect(world.status('base')?.decision?.reasons[0]?.code).toBe('superseded-twice');
    await releaseAll(world);
    expect(world.bakes('base').at(-1)).toMatchObject({
      state: 'released',
      lock: { base: { version: ami(5) } },
    });
  });

  it('lets an approved bake finish before newer versions follow', async () => {
    const world = await shop();
    world.parameters.set(BASE_PARAMETER, ami(2));
    await world.detect(BASE_TOPIC);
    await world.runUntilIdle();
    const [running] = world.running();
    await world.advanceTo(running?.id ?? '', 'Distribute');

    world.parameters.set(BASE_PARAMETER, ami(3));
    await world.detect(BASE_TOPIC);
    await world.runUntilIdle();

    expect(world.status('base')?.decision?.reasons[0]?.code).toBe('after-approval');
    await world.release(running?.id ?? '');
    await world.runUntilIdle();
    expect(world.running()).toMatchObject([{ pipeline: 'base', lock: { base: { version: ami(3) } } }]);
  });

  it('tries what failed again after a while, longer each time, and stops when it failed too often', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER, more: { lifecycle: { maxFailures: 3 } } });
    await world.runUntilIdle();
    const waits: number[] = [];
    for (const [first] = world.running(); waits.length < 10; ) {
      const running = world.running()[0] ?? first;
      await world.fail(running?.id ?? '');
      await world.runUntilIdle();
      let waited = 0;
      for (; waited < 7 * 3600 && world.running().length === 0; waited += 60) {
        world.clock.forward(60);
        await world.sweep();
        await world.runUntilIdle();
      }
      if (world.running().length === 0) break;
      waits.push(waited);
    }

    expect(waits).toEqual([60, 240]);
    expect(world.bakes()).toHaveLength(3);
    expect(world.status('base')?.decision?.reasons.map(({ code }) => code)).toContain('too-many-failures');
    expect(world.status('base')?.dueAt).toBeUndefined();
    expect(await world.request('base')).toMatchObject({ kind: 'started' });
  });

  it('plans a child again when its base turns out to have nothing to do', async () => {
    const world = await shop();
    await world.apply({
      name: 'base',
      base: BASE_PARAMETER,
      components: ['agents/1.x.x'],
      triggers: { debounce: '10m' },
    });
    world.clock.forward(601);
    await world.runUntilIdle();
    world.components.set('tools', '1.0.0');
    await world.apply({ name: 'web', base: 'base', components: ['agents/1.x.x', 'tools/1.x.x'] });
    world.parameters.set(BASE_PARAMETER, ami(2));
    await world.detect(BASE_TOPIC);
    await world.runUntilIdle();
    expect(world.status('web')?.decision?.reasons[0]?.code).toBe('ancestor-in-progress');

    world.parameters.set(BASE_PARAMETER, ami(1));
    await world.detect(BASE_TOPIC);
    world.clock.forward(601);
    await world.runUntilIdle();

    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['web']);
  });

  it('starts a bake that was recorded but whose machine was never started', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    const { startBake } = world.ports.workflows;
    world.ports.workflows.startBake = async () => {
      throw new Error('gone');
    };
    await expect(world.runUntilIdle()).rejects.toThrow('gone');
    world.ports.workflows.startBake = startBake;

    world.clock.forward(61);
    await world.sweep();

    expect(world.bakes()).toHaveLength(1);
    expect(world.executions.size).toBe(1);
  });

  it('starts such a bake though more ended bakes than a page holds still wait for their clean-up', async () => {
    const world = reconcileWorld({ pageSize: 1 });
    await world.apply({ name: 'failed', base: BASE_PARAMETER });
    await world.runUntilIdle();
    await world.fail(world.bakes()[0]?.id ?? '');
    world.clock.forward(1);
    const { startBake } = world.ports.workflows;
    world.ports.workflows.startBake = async () => {
      throw new Error('gone');
    };
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await expect(world.runUntilIdle()).rejects.toThrow('gone');
    world.ports.workflows.startBake = startBake;

    world.clock.forward(3600);
    await world.sweep();

    const queued = world.bakes('base')[0]?.id ?? '';
    expect(world.hasStarted(queued)).toBe(true);
  });

  it('starts such bakes though one of them cannot be started, and says that one could not', async () => {
    const world = reconcileWorld();
    const { startBake } = world.ports.workflows;
    world.ports.workflows.startBake = async () => {
      throw new Error('gone');
    };
    for (const name of ['first', 'second']) {
      await world.apply({ name, base: BASE_PARAMETER });
      await expect(world.runUntilIdle()).rejects.toThrow('gone');
    }
    const broken = world.bakes().find(({ pipeline }) => pipeline === 'first')?.id ?? '';
    world.ports.workflows.startBake = async (name, input) => {
      if (name.startsWith(broken)) throw new Error('still gone');
      return await startBake(name, input);
    };

    world.clock.forward(61);
    const { failed } = await world.sweep();

    expect(world.bakes().map(({ pipeline, id }) => [pipeline, world.hasStarted(id)])).toEqual([
      ['first', false],
      ['second', true],
    ]);
    expect(failed).toMatchObject([
      { part: 'queued', error: { message: '1 of 2 were done. Error: still gone' } },
    ]);
  });
});
