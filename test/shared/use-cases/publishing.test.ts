import { describe, expect, it } from '@jest/globals';
import { countStuck } from '../../../shared/use-cases/sweeping/count-stuck.ts';
import { BASE_PARAMETER, planningWorld } from '../../support/planning-world.ts';

async function started() {
  const world = planningWorld();
  await world.apply({ name: 'base', base: BASE_PARAMETER });
  await world.step();
  return world;
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

  it('counts bakes that nobody has looked at for too long', async () => {
    const world = await started();

    const soon = await countStuck(world.ports);
    world.clock.forward(1000);
    const later = await countStuck(world.ports);

    expect([soon, later]).toEqual([0, 1]);
  });
});
