import { describe, expect, it } from '@jest/globals';
import { noticeHint } from '../../../shared/use-cases/noticing/notice-hint.ts';
import type { Looks } from '../../../shared/use-cases/noticing/notice-once.ts';
import {
  ami,
  BASE_PARAMETER,
  HOME,
  type PlanningWorld,
  planningWorld,
} from '../../support/planning-world.ts';

const EVENTS = 5000;
const MINUTE_MS = 60_000;
/** As the queue hands them to the function. */
const AT_ONCE = 10;
const LOOK_SECONDS = 0.1;
const triggers = { debounce: '2m' };

const TOPICS = [
  `ssm:${HOME.region}:${BASE_PARAMETER}`,
  ...['agent', 'harden', 'tools'].map(
    (name) => `arn:aws:imagebuilder:${HOME.region}:${HOME.account}:component/${name}`,
  ),
];

/** Time passes, and every bake is released, until nothing starts any more. */
async function rest(world: PlanningWorld): Promise<void> {
  do {
    for (const { id } of world.running()) await world.release(id);
    await world.settle();
    world.clock.forward(180);
    await world.sweep();
    await world.settle();
  } while (world.running().length > 0);
}

/** One pipeline below another, whose selectors have all moved. Each look takes time. */
async function movedWorld() {
  const world = planningWorld();
  for (const name of ['agent', 'harden', 'tools']) world.publishComponent(name, '1.0.0');
  await world.apply({ name: 'base', base: BASE_PARAMETER, components: ['agent/1.x.x'], triggers });
  await world.apply({
    name: 'web',
    base: BASE_PARAMETER,
    components: ['harden/1.x.x', 'tools/1.x.x'],
    triggers,
  });
  await world.apply({ name: 'app', base: 'base', components: ['agent/1.x.x', 'tools/1.x.x'], triggers });
  await rest(world);
  world.parameters.set(BASE_PARAMETER, ami(2));
  for (const name of ['agent', 'harden', 'tools']) world.publishComponent(name, '1.0.1');
  const before = { bakes: world.bakes().length, changes: world.changes().length };
  world.resolved.length = 0;
  const resolver: typeof world.ports.resolver = {
    resolve: async (selector) => {
      const resolution = await world.ports.resolver.resolve(selector);
      world.clock.forward(LOOK_SECONDS);
      return resolution;
    },
  };
  return { world, before, deps: { ...world.ports, resolver, looks: new Map() as Looks } };
}

describe('Ten thousand hints in a minute', () => {
  it('move each selector once, bake each image once, and look far less often than they come', async () => {
    const { world, before, deps } = await movedWorld();
    const from = world.clock.now().getTime();
    // Every event twice, evenly over the minute.
    const open = Array.from({ length: EVENTS * 2 }, (_, index) => ({
      topic: TOPICS[index % TOPICS.length] ?? '',
      sentAt: new Date(from + Math.floor((index * MINUTE_MS) / (EVENTS * 2))),
    }));

    while (open.length > 0) {
      const now = world.clock.now();
      const come = open.findIndex(({ sentAt }) => sentAt > now);
      const batch = open.splice(0, Math.min(AT_ONCE, come < 0 ? AT_ONCE : come));
      if (batch.length === 0) world.clock.forward(0.01);
      await Promise.all(batch.map(({ topic, sentAt }) => noticeHint(deps, { topics: [topic] }, sentAt)));
    }
    await rest(world);

    // The four, and the release that the child is built on.
    expect(world.changes().length - before.changes).toBe(TOPICS.length + 1);
    expect(world.bakes().length - before.bakes).toBe(3);
    expect(world.resolved.length).toBeLessThan(1000);
    expect(world.seen('app').planning).toMatchObject({ dirty: false, decision: { kind: 'current' } });
  });

  it('are not answered by a look that began before they were sent', async () => {
    const { world, deps } = await movedWorld();
    const [topic = ''] = TOPICS;
    await noticeHint(deps, { topics: [topic] }, world.clock.now());
    world.parameters.set(BASE_PARAMETER, ami(3));

    await noticeHint(deps, { topics: [topic] }, world.clock.now());

    expect(world.changes().at(-1)).toMatchObject({ to: ami(3) });
  });

  it('are not answered by a look that failed', async () => {
    const { world, deps } = await movedWorld();
    const [topic = ''] = TOPICS;
    const sentAt = world.clock.now();
    world.clock.forward(5);
    const failing = { resolve: () => Promise.reject(new Error('throttled')) };
    const first = noticeHint({ ...deps, resolver: failing }, { topics: [topic] }, sentAt);
    const second = noticeHint(deps, { topics: [topic] }, sentAt);

    await expect(first).rejects.toThrow('throttled');
    await second;

    expect(world.changes().at(-1)).toMatchObject({ to: ami(2) });
  });
});
