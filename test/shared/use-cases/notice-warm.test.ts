import { describe, expect, it } from '@jest/globals';
import { deletePipeline } from '../../../shared/use-cases/definitions/delete-pipeline.ts';
import { noticeTopic } from '../../../shared/use-cases/noticing/notice-topics.ts';
import { ami, HOME, planningWorld } from '../../support/planning-world.ts';

const BASE = '/mine';
const TOPIC = `ssm:${HOME.region}:${BASE}`;

/** A function that has been warm for a while: it has looked at the base often enough to know who uses it. */
async function warm() {
  const world = planningWorld();
  world.parameters.set(BASE, ami(1));
  await world.apply({ name: 'web', base: BASE });
  await world.settle();
  const { table } = world.ports;
  let lists = 0;
  const counting = {
    ...table,
    query: (query: Parameters<typeof table.query>[0]) => {
      if (query.pk === `SELECTOR#${TOPIC}`) lists += 1;
      return table.query(query);
    },
  };
  const memory = new Map();
  /** Answers how often the topic was listed. */
  const look = async (ports: Partial<typeof world.ports> = {}): Promise<number> => {
    lists = 0;
    await noticeTopic({ ...world.ports, table: counting, memory, ...ports }, TOPIC);
    return lists;
  };
  const looks = async (count: number): Promise<number[]> => {
    const each: number[] = [];
    for (let n = 0; n < count; n += 1) {
      each.push(await look());
      world.clock.forward(6);
    }
    return each;
  };
  const moveTo = (id: string) => world.parameters.set(BASE, id);
  const begin = async (name: string, base: string) => {
    await world.apply({ name, base });
    await settled();
  };
  const settled = async () => {
    await world.settle();
    for (const { id } of world.running()) await world.release(id);
    await world.settle();
  };
  await settled();
  return { world, counting, look, looks, moveTo, begin, settled };
}

describe('a function that stays warm', () => {
  it('lists a topic again until it knows what counts its pipelines, and for as long as that stands no more', async () => {
    const { looks, moveTo, look } = await warm();

    expect(await looks(6)).toEqual([1, 1, 1, 1, 0, 0]);
    moveTo(ami(2));
    expect([await look(), await look()]).toEqual([0, 0]);
  });

  it('marks a pipeline that has begun to use the base meanwhile', async () => {
    const { world, looks, look, moveTo, begin } = await warm();
    await looks(6);
    await begin('api', BASE);
    moveTo(ami(2));

    expect(await look()).toBe(1);

    await world.settle();
    expect(world.bakes('api').map(({ ingredients }) => JSON.stringify(ingredients))).toEqual([
      expect.stringContaining(ami(1)),
      expect.stringContaining(ami(2)),
    ]);
    expect(await looks(4)).toEqual([1, 1, 1, 0]);
  });

  it('follows a pinned label of the same parameter that somebody has begun to use', async () => {
    const { world, looks, look, moveTo, begin } = await warm();
    world.parameters.set(`${BASE}:stable`, ami(1));
    await looks(6);
    await begin('api', `${BASE}:stable`);
    world.parameters.set(`${BASE}:stable`, ami(3));
    moveTo(ami(2));

    expect(await look()).toBeGreaterThan(0);

    await world.settle();
    expect(world.bakes('api')).toHaveLength(2);
    expect(world.bakes('web')).toHaveLength(2);
  });

  it('takes a definition that has changed as it is now', async () => {
    const { world, looks, look, moveTo, settled } = await warm();
    await looks(6);
    await world.apply({ name: 'web', base: BASE, more: { triggers: { debounce: '10m' } } });
    await settled();
    const before = world.bakes('web').length;
    moveTo(ami(2));

    expect(await look()).toBe(0);

    expect(world.bakes('web')).toHaveLength(before);
    expect(world.planning('web')).toMatchObject({ dirty: true, debounceUntil: expect.any(String) });
  });

  it('stumbles over nobody who has left', async () => {
    const { world, looks, look, moveTo, begin } = await warm();
    await begin('api', BASE);
    await looks(6);
    await deletePipeline(world.ports, { pipeline: 'api', by: 'anna' });
    moveTo(ami(2));

    expect(await look()).toBe(1);

    await world.settle();
    expect(world.bakes('web')).toHaveLength(2);
    expect(world.planning('api')).toBeUndefined();
  });

  it('is not misled by a base that everybody has left and come back to', async () => {
    const { world, looks, look, moveTo, begin } = await warm();
    const others = ['api', 'job'];
    const leave = (pipeline: string) => deletePipeline(world.ports, { pipeline, by: 'anna' });
    for (const name of others) await begin(name, BASE);
    for (const name of others) await leave(name);
    await looks(6);
    await leave('web');
    for (const name of ['web', ...others]) await begin(name, BASE);
    const before = others.map((name) => world.bakes(name).length);
    moveTo(ami(2));

    await look();

    await world.settle();
    expect(others.map((name) => world.bakes(name).length)).toEqual(before.map((count) => count + 1));
  });

  it('lists a topic that it knows again after ten minutes', async () => {
    const { world, looks, look } = await warm();
    await looks(6);

    world.clock.forward(600);

    expect([await look(), await look()]).toEqual([1, 0]);
  });

  it('does not take a list as complete that was read while a pipeline was being added', async () => {
    const { world, counting, looks, look, moveTo, begin } = await warm();
    await looks(2);
    const before = await world.ports.table.query({
      pk: `SELECTOR#${TOPIC}`,
      descending: true,
      limit: 100,
    });
    await begin('api', BASE);
    // The count is seen already, the pipeline's own row is not.
    await look({ table: { ...counting, query: async () => before } });
    world.clock.forward(6);
    moveTo(ami(2));

    expect(await look()).toBe(1);

    await world.settle();
    expect(world.bakes('api')).toHaveLength(2);
  });

  it('marks a pipeline that begins to use the base between the look at it and the record of its move', async () => {
    const { world, counting, looks, look, moveTo, begin } = await warm();
    await looks(1);
    moveTo(ami(2));
    let isLate = true;
    const write: typeof counting.write = async (writes) => {
      if (isLate) {
        isLate = false;
        // It wants and gets the first image, and has nothing to do when the move is recorded.
        world.parameters.set(BASE, ami(1));
        await begin('api', BASE);
        moveTo(ami(2));
      }
      await counting.write(writes);
    };

    await look({ table: { ...counting, write } });

    await world.settle();
    expect(world.bakes('api').map(({ ingredients }) => ingredients?.versions[TOPIC])).toEqual([
      ami(1),
      ami(2),
    ]);
  });
});
