import { beforeEach, describe, expect, it } from '@jest/globals';
import { due, keys } from '../../../shared/domain/base/naming.ts';
import { WriteConflict } from '../../../shared/ports/table.ts';
import { deletePipeline } from '../../../shared/use-cases/definitions/delete-pipeline.ts';
import { explainPipeline } from '../../../shared/use-cases/queries/explain-pipeline.ts';
import { releaseImage } from '../../../shared/use-cases/releases/release-image.ts';
import type { MemoryTable } from '../../support/fakes/memory-table.ts';
import { changeBase, listHoldCodes, listRunning, releaseAll } from '../../support/reconcile-steps.ts';
import { BASE_PARAMETER, type ReconcileWorld, reconcileWorld } from '../../support/reconcile-world.ts';

const KEY = 'pipeline:base/stable';
const CHILDREN = ['app', 'web'];

let world: ReconcileWorld;

/** `base` and two pipelines on it, all released; then `base` bakes for a new parameter value. */
async function prepareRelease(limits: { wave?: number } = {}) {
  world = reconcileWorld({ limits });
  await world.apply({ name: 'base', base: BASE_PARAMETER });
  for (const name of CHILDREN) await world.apply({ name, base: 'base' });
  await world.runUntilIdle();
  await releaseAll(world);
  await changeBase(world, 2);
  const [bake] = world.running();
  return bake?.id ?? '';
}

const selectorRow = () => world.table.peek(keys.selector(KEY));
const releaseChanges = () => world.changes().filter(({ selector }) => selector === KEY);

/** A table that takes no write after the release's own transaction. */
function dyingTable(): MemoryTable {
  let isReleased = false;
  return {
    ...world.ports.table,
    write: async (writes) => {
      if (isReleased) throw new Error('The function has died.');
      await world.ports.table.write(writes);
      isReleased = writes.some((write) => 'put' in write && write.put.sk.startsWith('RELEASE#'));
    },
  };
}

describe('a release', () => {
  it('is recorded as a change in its own transaction, with the chain that leads to its cause', async () => {
    const bake = await prepareRelease();
    const before = selectorRow();
    const transactions: string[][] = [];
    world.table.onWrite((rows) => {
      transactions.push(
        rows.flatMap(({ after }) => (after === undefined ? [] : [`${after.pk} ${after.sk}`])),
      );
    });

    await world.release(bake);

    const release = world.channel('base')?.release ?? '';
    const [change] = releaseChanges().slice(-1);
    expect(change).toMatchObject({
      from: before?.version,
      to: release,
      release,
      causes: world.bake(bake)?.causes,
      follows: world.bake(bake)?.changes,
      fanOut: 'done',
    });
    const selector = keys.selector(KEY);
    expect(selectorRow()).toMatchObject({ version: release, change: change?.id });
    const own = transactions.filter((rows) => rows.some((row) => row.includes(`RELEASE#stable#${release}`)));
    expect(own).toHaveLength(1);
    expect(own[0]).toEqual(
      expect.arrayContaining([`${selector.pk} ${selector.sk}`, `CHANGE#${change?.id} META`]),
    );
  });

  it('enqueues each child once, and the pipeline itself', async () => {
    const bake = await prepareRelease();

    await world.release(bake);

    expect(world.reconcileRequests.map(({ pipeline }) => pipeline).sort()).toEqual(['app', 'base', 'web']);
    await world.runUntilIdle();
    expect(listRunning(world)).toEqual(['app', 'web']);
  });

  it('needs no event: children bake for it, with its cause, though nothing is published', async () => {
    const bake = await prepareRelease();

    await world.release(bake);
    while (await world.handleNextMessage());

    expect(world.hints).toEqual([]);
    expect(world.running().map(({ causes }) => causes)).toEqual([
      world.bake(bake)?.causes,
      world.bake(bake)?.causes,
    ]);
  });

  it('is no change for anybody where no pipeline is built on it', async () => {
    world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.runUntilIdle();

    await releaseAll(world);

    expect(releaseChanges()).toEqual([]);
    expect(selectorRow()).toBeUndefined();
  });
});

describe('a release whose process dies', () => {
  it('before its fan-out is finished by the sweep', async () => {
    const bake = await prepareRelease();
    await expect(world.release(bake, { table: dyingTable() })).rejects.toThrow('has died');
    expect(releaseChanges().at(-1)).toMatchObject({ fanOut: 'open' });
    expect(world.due(due.fanOut)).toHaveLength(1);

    world.reconcileRequests.length = 0;
    world.clock.forward(61);
    await world.sweep();
    await world.runUntilIdle();

    expect(releaseChanges().at(-1)).toMatchObject({ fanOut: 'done' });
    expect(listRunning(world)).toEqual(['app', 'web']);
    expect(world.running().map(({ causes }) => causes)).toEqual([
      world.bake(bake)?.causes,
      world.bake(bake)?.causes,
    ]);
  });

  it('is finished by the next call, which records no second change', async () => {
    const bake = await prepareRelease();
    await expect(world.release(bake, { table: dyingTable() })).rejects.toThrow('has died');
    const changes = world.changes().length;
    const sequence = world.channel('base')?.sequence;

    await releaseImage(world.ports, { bake, attempt: 1 });
    await world.runUntilIdle();

    expect(world.changes()).toHaveLength(changes);
    expect(world.channel('base')?.sequence).toBe(sequence);
    expect(releaseChanges().at(-1)).toMatchObject({ fanOut: 'done' });
    expect(listRunning(world)).toEqual(['app', 'web']);
  });

  it('holds its dependents under the cause, though they are not marked yet', async () => {
    const bake = await prepareRelease();
    await expect(world.release(bake, { table: dyingTable() })).rejects.toThrow('has died');

    const answer = await world.request('web');

    expect(answer).toMatchObject({ kind: 'started' });
    const [child] = world.bakes('web').slice(-1);
    expect(child?.changes).toContain(releaseChanges().at(-1)?.id);
    expect(child?.causes).toEqual(expect.arrayContaining([...(world.bake(bake)?.causes ?? [])]));
  });
});

it('repeats nothing when a release is asked for again', async () => {
  const bake = await prepareRelease();
  await world.release(bake);
  await world.runUntilIdle();
  const rows = world.table.items();
  const bakes = world.bakes().length;

  await releaseImage(world.ports, { bake, attempt: 1 });
  expect(world.table.items()).toEqual(rows);
  await world.runUntilIdle();

  expect(world.bakes()).toHaveLength(bakes);
});

it('records two releases in a row as two changes that follow each other, and bakes each child for the newer one', async () => {
  const first = await prepareRelease();
  // The first one's fan-out never runs.
  await expect(world.release(first, { table: dyingTable() })).rejects.toThrow('has died');
  await world.request('base', true);
  const second = world.running().find(({ pipeline }) => pipeline === 'base');
  await world.release(second?.id ?? '');
  world.clock.forward(61);
  await world.sweep();
  await world.runUntilIdle();

  const [before, after] = releaseChanges().slice(-2);
  expect(after?.from).toBe(before?.to);
  expect(selectorRow()?.version).toBe(world.channel('base')?.release);
  const children = world.running();
  expect(children.map(({ pipeline }) => pipeline).sort()).toEqual(CHILDREN);
  for (const { lock, changes } of children) {
    expect(lock.base.version).toBe(world.channel('base')?.release);
    expect(changes).toContain(after?.id);
  }
});

describe('a wave that only a release shows', () => {
  beforeEach(async () => {
    world = reconcileWorld({ limits: { wave: 1 } });
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    for (const name of CHILDREN) await world.apply({ name, base: 'base' });
    await world.runUntilIdle();
    await releaseAll(world);
    await world.request('base', true);
  });

  it('is counted in its transaction: nothing starts even where the process dies behind it', async () => {
    const [bake] = world.running();
    await expect(world.release(bake?.id ?? '', { table: dyingTable() })).rejects.toThrow('has died');
    const [cause] = world.bake(bake?.id ?? '')?.causes ?? [];
    expect(world.change(cause ?? '')?.wave).toMatchObject({ size: 1, isMore: true });

    world.clock.forward(61);
    await world.sweep();
    await world.runUntilIdle();

    expect(listRunning(world)).toEqual([]);
    expect(CHILDREN.map((name) => listHoldCodes(world, name))).toEqual([
      ['wave-unconfirmed'],
      ['wave-unconfirmed'],
    ]);
  });

  it('is counted once, though the release is tried again', async () => {
    const [bake] = world.running();
    await world.release(bake?.id ?? '');
    await releaseImage(world.ports, { bake: bake?.id ?? '', attempt: 1 });
    await world.runUntilIdle();

    const waiting = world.events.filter(({ detailType }) => detailType.includes('Wave'));
    expect(waiting).toHaveLength(1);
  });
});

describe('the fan-out of a release', () => {
  /** A table in which `meanwhile` happens before each write of marks. */
  function markMeanwhile(meanwhile: () => Promise<unknown>): MemoryTable {
    return {
      ...world.ports.table,
      write: async (writes) => {
        if (writes.some((write) => 'update' in write && write.update.pk === keys.status('web').pk))
          await meanwhile();
        await world.ports.table.write(writes);
      },
    };
  }

  it('marks the others where a child is deleted after it was read', async () => {
    const bake = await prepareRelease();
    const table = markMeanwhile(() => deletePipeline(world.ports, { pipeline: 'web', by: 'anna' }));

    await world.release(bake, { table });
    await world.runUntilIdle();

    expect(releaseChanges().at(-1)).toMatchObject({ fanOut: 'done' });
    expect(listRunning(world)).toEqual(['app']);
  });

  it('asks to be tried later where its marks are refused again and again', async () => {
    const bake = await prepareRelease();
    let tries = 0;
    const table = markMeanwhile(async () => {
      tries += 1;
      throw new WriteConflict(1, keys.status('web'), undefined);
    });

    await expect(world.release(bake, { table })).rejects.toMatchObject({ name: 'TryLater', retryable: true });
    expect(tries).toBe(20);
    expect(releaseChanges().at(-1)).toMatchObject({ fanOut: 'open' });
  });
});

describe('a pipeline that begins to use the channel', () => {
  /** Calls `begin` after the release has read everything, before it is written. */
  function beginMeanwhile(begin: () => Promise<unknown>): MemoryTable {
    let isFirst = true;
    return {
      ...world.ports.table,
      write: async (writes) => {
        const isRelease = writes.some((write) => 'put' in write && write.put.sk.startsWith('RELEASE#'));
        if (isRelease && isFirst) {
          isFirst = false;
          await begin();
        }
        await world.ports.table.write(writes);
      },
    };
  }

  it('as the first one, while the release is written, has a row that names the new release', async () => {
    world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.runUntilIdle();
    await releaseAll(world);
    await changeBase(world, 2);
    const [bake] = world.running();

    const table = beginMeanwhile(() => world.apply({ name: 'job', base: 'base' }));
    await world.release(bake?.id ?? '', { table });
    await world.runUntilIdle();

    expect(selectorRow()?.version).toBe(world.channel('base')?.release);
    expect(world.bakes('job').at(-1)?.lock.base.version).toBe(world.channel('base')?.release);
  });

  it('as another one, while the release is written, is marked with the others', async () => {
    const bake = await prepareRelease();

    const table = beginMeanwhile(() => world.apply({ name: 'job', base: 'base' }));
    await world.release(bake, { table });
    await world.runUntilIdle();

    expect(listRunning(world).sort()).toEqual(['app', 'job', 'web']);
    expect(world.bakes('job').at(-1)?.lock.base.version).toBe(world.channel('base')?.release);
  });

  it('while the channel moves, after it has read the channel, reads it again', async () => {
    world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.runUntilIdle();
    await releaseAll(world);
    await changeBase(world, 2);
    const [bake] = world.running();
    const { table } = world.ports;
    const { write } = table;
    let isFirst = true;
    table.write = async (writes) => {
      const isApply = writes.some((entry) => 'put' in entry && entry.put.pk === 'PIPELINE#job');
      if (isApply && isFirst) {
        isFirst = false;
        await world.release(bake?.id ?? '');
      }
      await write(writes);
    };

    await world.apply({ name: 'job', base: 'base' });
    await world.runUntilIdle();

    expect(selectorRow()?.version).toBe(world.channel('base')?.release);
    expect(world.bakes('job')).toHaveLength(1);
    const explained = await explainPipeline(world.ports, 'job');
    expect(explained.pipeline).toBe('job');
  });
});

it('of an image that is current again under its old id moves the selector back, as a change of its own', async () => {
  const bake = await prepareRelease();
  const first = world.channel('base')?.release;
  await world.release(bake);
  await world.runUntilIdle();
  await releaseAll(world);

  await changeBase(world, 1);
  await releaseAll(world);

  expect(world.channel('base')?.release).toBe(first);
  expect(selectorRow()?.version).toBe(first);
  expect(releaseChanges().at(-1)).toMatchObject({ to: first, release: first, fanOut: 'done' });
  for (const name of CHILDREN) expect(listHoldCodes(world, name)).toEqual(['up-to-date']);
});
