import { describe, expect, it } from '@jest/globals';
import { TryLater } from '../../../shared/domain/base/errors.ts';
import { keys } from '../../../shared/domain/base/naming.ts';
import { type SelectorRecord, SelectorRecordSchema } from '../../../shared/domain/records/selectors.ts';
import { handleHint } from '../../../shared/use-cases/detect/handle-hint.ts';
import { ami, BASE_PARAMETER, reconcileWorld } from '../../support/reconcile-world.ts';

const KEY = `ssm:eu-west-1:${BASE_PARAMETER}`;

async function oneImage() {
  const world = reconcileWorld();
  await world.apply({ name: 'base', base: BASE_PARAMETER });
  await world.runUntilIdle();
  await world.release(world.running()[0]?.id ?? '');
  await world.runUntilIdle();
  const row = (): SelectorRecord => SelectorRecordSchema.parse(world.table.peek(keys.selector(KEY)));
  const see = async (number: number) => {
    world.parameters.set(BASE_PARAMETER, ami(number));
    await world.detect(KEY);
  };
  return { world, row, see };
}

describe('a selector that cannot be resolved', () => {
  it('keeps its version and says why, until it means something again', async () => {
    const { world, row } = await oneImage();
    world.parameters.delete(BASE_PARAMETER);
    const outcome = await world.detect(KEY);

    expect(outcome).toMatchObject({ problems: [{ selector: KEY }] });
    expect(row()).toMatchObject({ version: ami(1), problem: expect.any(String) });

    world.parameters.set(BASE_PARAMETER, ami(1));
    await world.resync();
    await world.runUntilIdle();
    expect(row().problem).toBeUndefined();
    expect(world.changes().filter(({ selector }) => selector === KEY)).toHaveLength(1);
  });

  it.each(['cold', 'warm'])(
    'is asked again by the message itself while AWS throttles (%s function)',
    async (how) => {
      const { world, row } = await oneImage();
      if (how === 'warm') await world.detect(KEY);
      world.parameters.set(BASE_PARAMETER, ami(2));
      const resolver = {
        resolve: async () => {
          throw new TryLater('Rate exceeded');
        },
      };

      await expect(handleHint({ ...world.ports, resolver }, { topics: [KEY] })).rejects.toThrow(TryLater);
      expect(row()).toMatchObject({ version: ami(1), problem: 'Rate exceeded' });

      await world.detect(KEY);
      expect(row()).toMatchObject({ version: ami(2) });
      expect(row().problem).toBeUndefined();
    },
  );

  it.each([
    ['an unexpected fault', Object.assign(new Error('token=hunter2'), { name: 'OddFault' }), 'OddFault'],
    ['what is no error at all', 'token=hunter2', 'unknown'],
  ])('says so after %s, in words that give nothing away, and is asked again', async (_, fault, named) => {
    const { world, row } = await oneImage();
    const resolver = { resolve: () => Promise.reject(fault) };

    await expect(handleHint({ ...world.ports, resolver }, { topics: [KEY] })).rejects.toBe(fault);
    expect(row()).toMatchObject({ version: ami(1), problem: expect.stringContaining(named) });
    expect(row().problem).not.toContain('hunter2');

    await world.detect(KEY);
    expect(row().problem).toBeUndefined();
  });

  it('prevents no other topic of its message from being detected', async () => {
    const { world, see } = await oneImage();
    const broken = world.publishComponent('agents', '1.0.0');
    await world.apply({ name: 'tools', base: BASE_PARAMETER, components: ['agents/1.x.x'] });
    await world.runUntilIdle();
    await see(1);
    world.parameters.set(BASE_PARAMETER, ami(2));
    const { resolver: real } = world.ports;
    const resolver: typeof real = {
      resolve: async (selector) => {
        if (selector.kind === 'component') throw new TryLater('Rate exceeded');
        return real.resolve(selector);
      },
    };

    const message = { topics: [broken, KEY] };
    await expect(handleHint({ ...world.ports, resolver }, message)).rejects.toThrow(TryLater);
    expect(world.changes().some(({ to }) => to === ami(2))).toBe(true);
  });
});

describe('a parameter that goes to and fro', () => {
  it('is followed once each way; then it must stand still, and says so', async () => {
    const { world, row, see } = await oneImage();
    for (const number of [2, 1, 2]) {
      world.clock.forward(60);
      await see(number);
    }

    expect(row()).toMatchObject({ version: ami(1), problem: expect.stringContaining('to and fro') });
    expect(row().unsettled?.version).toBe(ami(2));

    world.clock.forward(14 * 60);
    await world.sweep();
    await world.runUntilIdle();
    expect(row().version).toBe(ami(1));

    world.clock.forward(60);
    await world.sweep();
    await world.runUntilIdle();
    expect(row()).toMatchObject({ version: ami(2) });
    expect([row().problem, row().unsettled]).toEqual([undefined, undefined]);
    expect(world.running()).toMatchObject([{ pipeline: 'base', lock: { base: { version: ami(2) } } }]);
  });

  it('has nothing left to wait for when it settles where it was', async () => {
    const { world, row, see } = await oneImage();
    for (const number of [2, 1, 2, 1]) {
      world.clock.forward(60);
      await see(number);
    }
    const before = world.changes().length;

    world.clock.forward(3600);
    await world.sweep();
    await world.runUntilIdle();

    expect(row()).toMatchObject({ version: ami(1) });
    expect([row().problem, row().unsettled, world.changes().length]).toEqual([undefined, undefined, before]);
  });
});
