import { describe, expect, it } from '@jest/globals';
import { handleHint } from '../../../shared/use-cases/detect/handle-hint.ts';
import {
  ami,
  BASE_PARAMETER,
  HOME,
  type ReconcileWorld,
  reconcileWorld,
} from '../../support/reconcile-world.ts';

const EVENTS = 5000;
/** As the queue hands them to the function. */
const AT_ONCE = 10;
const triggers = { debounce: '2m' };

const TOPICS = [
  `ssm:${HOME.region}:${BASE_PARAMETER}`,
  ...['agent', 'harden', 'tools'].map(
    (name) => `arn:aws:imagebuilder:${HOME.region}:${HOME.account}:component/${name}`,
  ),
];

/** Time passes, and every bake is released, until nothing starts any more. */
async function rest(world: ReconcileWorld): Promise<void> {
  do {
    for (const { id } of world.running()) await world.release(id);
    await world.runUntilIdle();
    world.clock.forward(180);
    await world.sweep();
    await world.runUntilIdle();
  } while (world.running().length > 0);
}

/** One pipeline below another, whose selectors have all moved. */
async function movedWorld() {
  const world = reconcileWorld();
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
  return { world, before };
}

describe('Ten thousand hints', () => {
  it('move each selector once and bake each image once', async () => {
    const { world, before } = await movedWorld();
    // Every event twice.
    const open = Array.from({ length: EVENTS * 2 }, (_, index) => TOPICS[index % TOPICS.length] ?? '');

    while (open.length > 0)
      await Promise.all(open.splice(0, AT_ONCE).map((topic) => handleHint(world.ports, { topics: [topic] })));
    await rest(world);

    // The four, and the release that the child is built on.
    expect(world.changes().length - before.changes).toBe(TOPICS.length + 1);
    expect(world.bakes().length - before.bakes).toBe(3);
    expect(world.seen('app').status).toMatchObject({ dirty: false, decision: { kind: 'up-to-date' } });
  });
});
