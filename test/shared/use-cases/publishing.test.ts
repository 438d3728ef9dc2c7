import { describe, expect, it } from '@jest/globals';
import type { EventPublisher } from '../../../shared/ports/event-publisher.ts';
import { countStuck } from '../../../shared/use-cases/sweep/count-stuck.ts';
import { BASE_PARAMETER, type ReconcileWorld, reconcileWorld } from '../../support/reconcile-world.ts';

async function started() {
  const world = reconcileWorld();
  await world.apply({ name: 'base', base: BASE_PARAMETER });
  await world.handleNextMessage();
  return world;
}

/** A bus that takes everything but what is about some pipelines. */
function failingFor(world: ReconcileWorld, ...pipelines: readonly unknown[]): EventPublisher {
  return {
    publish: async (batch) => {
      if (batch.some(({ detail }) => pipelines.includes(detail.pipeline))) throw new Error('refused');
      await world.ports.publisher.publish(batch);
    },
  };
}

describe('what is to be published', () => {
  it('reaches the bus and the topic, once where nothing goes wrong', async () => {
    const world = await started();

    await world.publish();
    await world.publish();
    world.clock.forward(60);
    await world.sweep();

    expect(world.events.map(({ detailType }) => detailType)).toEqual(['Ovenbird Bake Started']);
    expect(world.mails).toHaveLength(1);
  });

  it('tells people what changed, and machines where to read of it', async () => {
    const world = await started();

    await world.publish();

    const [change] = world.changes().filter(({ selector }) => selector.startsWith('ssm:'));
    expect(world.mails[0]?.text).toContain(`\n  parameter ${BASE_PARAMETER}: ${change?.to}\n`);
    expect(world.events[0]?.detail.changes).toEqual(expect.arrayContaining([change?.id]));
  });

  it('is found by the sweep when the stream lost it', async () => {
    const world = await started();

    await world.sweep();
    const early = world.events.length;
    world.clock.forward(60);
    await world.sweep();

    expect(early).toBe(0);
    expect(world.events).toHaveLength(1);
  });

  it('comes again when the topic was out of reach', async () => {
    const world = await started();
    const { notify } = world.ports.notifier;
    world.ports.notifier.notify = async () => {
      throw new Error('down');
    };
    await expect(world.publish()).rejects.toThrow('down');
    world.ports.notifier.notify = notify;

    world.clock.forward(60);
    const swept = await world.sweep();

    expect(swept.failed).toEqual([]);
    expect(world.mails).toHaveLength(1);
  });

  it('is published though an older row fails every time, and the failure is told', async () => {
    const world = await started();
    world.clock.forward(1);
    await world.apply({ name: 'other', base: BASE_PARAMETER });
    await world.handleNextMessage();
    world.clock.forward(60);

    const swept = await world.sweep({ publisher: failingFor(world, 'base') });

    expect(world.events.map(({ detail }) => detail.pipeline)).toEqual(['other']);
    expect(swept.failed).toMatchObject([
      { part: 'outbox', error: { message: expect.stringContaining('1 of 2 were') } },
    ]);
  });

  it('does not wait for a page of rows that fail every time', async () => {
    const world = reconcileWorld();
    const many = Array.from({ length: 100 }, (_, n) => `broken-${n}`);
    for (const name of many) await world.apply({ name, base: BASE_PARAMETER });
    while (await world.handleNextMessage());
    world.clock.forward(60);
    const publisher = failingFor(world, ...many);
    await world.sweep({ publisher });

    await world.apply({ name: 'sound', base: BASE_PARAMETER });
    while (await world.handleNextMessage());
    world.clock.forward(60);
    await world.sweep({ publisher });

    expect(world.events.map(({ detail }) => detail.pipeline)).toEqual(['sound']);
  });

  it('is tried again often enough for the alarm, which wants a failure in every five minutes', async () => {
    const world = await started();
    const failures: number[] = [];

    for (let minute = 1; minute <= 20; minute += 1) {
      world.clock.forward(60);
      const swept = await world.sweep({ publisher: failingFor(world, 'base') });
      if (swept.failed.length > 0) failures.push(minute);
    }

    expect([0, 5, 10, 15].map((from) => failures.some((at) => at > from && at <= from + 5))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it('is measured once, whether the stream or the sweep published it', async () => {
    const world = await started();
    await world.publish();
    world.clock.forward(1);
    await world.apply({ name: 'other', base: BASE_PARAMETER });
    while (await world.handleNextMessage());
    world.clock.forward(60);
    await world.sweep();
    await world.sweep();

    expect(world.measured.map(({ detail }) => detail.pipeline)).toEqual(['base', 'other']);
  });
});

describe('the sweep', () => {
  it('goes on with the other parts when one fails', async () => {
    const world = await started();
    world.clock.forward(120);
    const publisher = {
      publish: async () => {
        throw new Error('down');
      },
    };

    const swept = await world.sweep({ publisher });

    expect(swept.failed.map(({ part }) => part)).toEqual(['outbox']);
    expect(swept.done.queued).toBe(1);
  });

  it('counts bakes that have not been checked for too long', async () => {
    const world = await started();

    const soon = await countStuck(world.ports);
    world.clock.forward(1000);
    const later = await countStuck(world.ports);

    expect([soon, later]).toEqual([0, 1]);
  });
});
