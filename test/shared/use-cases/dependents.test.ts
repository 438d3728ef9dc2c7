import { beforeEach, describe, expect, it } from '@jest/globals';
import { BASE_PARAMETER, type ReconcileWorld, reconcileWorld } from '../../support/reconcile-world.ts';

const PLATFORMS = ['platform-0', 'platform-1'];
const APPS = ['app-0', 'app-1', 'app-2', 'app-3'];

let world: ReconcileWorld;

beforeEach(() => {
  world = reconcileWorld();
});

/** The pipelines that are enqueued until none is any more; each as often as it is enqueued. */
async function collectReconcileRequests(work: () => Promise<unknown>): Promise<string[]> {
  const before = world.reconcileRequests.length;
  await work();
  return world.reconcileRequests.slice(before).map(({ pipeline }) => pipeline);
}

async function releaseAll(): Promise<void> {
  for (let rounds = 0; world.running().length > 0; rounds += 1) {
    for (const { id } of world.running()) await world.release(id);
    await world.runUntilIdle();
    if (rounds > 10) throw new Error('There is no end of it.');
  }
}

/** A base, two platforms on it, two applications on each. Everything has the component `agent`. */
async function threeLevels(): Promise<void> {
  world.publishComponent('agent', '1.0.0');
  const components = ['agent/1.x.x'];
  await world.apply({ name: 'base', base: BASE_PARAMETER, components });
  for (const name of PLATFORMS) await world.apply({ name, base: 'base', components });
  for (const [index, name] of APPS.entries())
    await world.apply({ name, base: PLATFORMS[index % 2] ?? '', components });
  await world.runUntilIdle();
  await releaseAll();
}

describe('The end of a bake', () => {
  it('enqueues those that may start now, and not those that a nearer ancestor still holds', async () => {
    await threeLevels();
    await world.detect(world.publishComponent('agent', '1.0.1'));
    await world.runUntilIdle();
    const [base] = world.running();

    const asked = await collectReconcileRequests(() => world.release(base?.id ?? ''));

    expect([...asked].sort()).toEqual(['base', ...PLATFORMS]);
    await world.runUntilIdle();
    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(PLATFORMS);
    await releaseAll();
    // Seven at first, and seven for the agent.
    expect(world.bakes()).toHaveLength(14);
  });

  it('reads as little of an image that thousands are built on as of any other', async () => {
    await threeLevels();
    await world.detect(world.publishComponent('agent', '1.0.1'));
    await world.runUntilIdle();
    const [base] = world.running();
    const read: string[] = [];
    const { getMany } = world.table;
    world.table.getMany = async (keys) => {
      read.push(...keys.map(({ pk }) => pk));
      return await getMany(keys);
    };

    await world.release(base?.id ?? '');

    expect(read.filter((pk) => pk.startsWith('PIPELINE#app'))).toEqual([]);
  });

  it('reaches pipelines that wait below an image that will not start', async () => {
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.runUntilIdle();
    await releaseAll();
    world.publishComponent('agent', '1.0.0');
    await world.apply({ name: 'between', base: 'base' });
    await world.apply({ name: 'app', base: 'between', components: ['agent/1.x.x'] });
    await world.runUntilIdle();
    await releaseAll();
    await world.apply({ name: 'between', base: 'base', triggers: { mode: 'manual' } });
    await world.runUntilIdle();
    await world.request('base', true);
    await world.detect(world.publishComponent('agent', '1.0.1'));
    await world.runUntilIdle();
    expect(world.status('app')?.decision?.reasons).toMatchObject([
      { code: 'ancestor-in-progress', pipeline: 'base' },
    ]);

    const [base] = world.running();
    await world.release(base?.id ?? '');
    await world.runUntilIdle();

    expect(world.status('between')?.decision?.reasons).toMatchObject([{ code: 'manual' }]);
    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['app']);
  });
});

it('starts what has come to be built on more pipelines than one transaction takes', async () => {
  const parents = ['one', 'two', 'three', 'four', 'five', 'six'];
  const inputs = (parent: string) =>
    Array.from({ length: 20 }, (_, index) => ({ pipeline: `${parent}-input-${index}` }));
  for (const parent of parents) {
    await world.apply({ name: parent, base: BASE_PARAMETER });
    for (const { pipeline } of inputs(parent)) await world.apply({ name: pipeline, base: BASE_PARAMETER });
  }
  const named = parents.slice(1).map((pipeline) => ({ pipeline }));
  await world.apply({ name: 'child', base: 'one', more: { inputs: named } });
  await world.runUntilIdle();
  await releaseAll();
  for (const parent of parents)
    await world.apply({ name: parent, base: BASE_PARAMETER, more: { inputs: inputs(parent) } });
  await world.runUntilIdle();

  await releaseAll();

  expect(world.bakes('child')).toMatchObject([{ state: 'released' }, { state: 'released' }]);
});
