import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Explanation } from '../../../shared/domain/api/planning.ts';
import type { DefinitionInput } from '../../../shared/domain/definitions/definition.ts';
import type { Remedy } from '../../../shared/domain/telling/remedies.ts';
import { disablePipeline } from '../../../shared/use-cases/definitions/disable-pipeline.ts';
import { enablePipeline } from '../../../shared/use-cases/definitions/enable-pipeline.ts';
import { confirmWave } from '../../../shared/use-cases/planning/confirm-wave.ts';
import { explainPipeline } from '../../../shared/use-cases/showing/explain-pipeline.ts';
import {
  ami,
  BASE_PARAMETER,
  type PipelineSpec,
  type PlanningWorld,
  planningWorld,
} from '../../support/planning-world.ts';

const TOPIC = `ssm:eu-west-1:${BASE_PARAMETER}`;
const DAY = 86_400;

type Triggers = NonNullable<DefinitionInput['triggers']>;
interface Shape {
  readonly parent: number;
  readonly triggers: Triggers;
  readonly pinned: boolean;
  readonly disabled: boolean;
  readonly failures: number;
  readonly maxFailures: number;
}

const triggers: fc.Arbitrary<Triggers> = fc.oneof(
  fc.constantFrom<Triggers>(
    { mode: 'immediate', debounce: '0s' },
    { mode: 'immediate', debounce: '5m' },
    { mode: 'manual', debounce: '0s' },
    { mode: 'schedule', debounce: '0s', schedule: { expression: 'cron(0 6 * * ? *)' } },
  ),
  fc.constant<Triggers>({
    debounce: '0s',
    freeze: [{ reason: 'Sale.', from: '2026-03-01T00:00:00Z', to: '2026-03-05T00:00:00Z' }],
  }),
);
const shape: fc.Arbitrary<Shape> = fc.record({
  parent: fc.nat(4),
  triggers,
  pinned: fc.boolean(),
  disabled: fc.boolean(),
  failures: fc.nat(2),
  maxFailures: fc.constantFrom(1, 3),
});
const worlds = fc.record({
  shapes: fc.array(shape, { minLength: 1, maxLength: 5 }),
  wave: fc.constantFrom(1, 100),
  bakes: fc.constantFrom(1, 100),
  /** Which remedy is taken where there are several. */
  choice: fc.nat(3),
});

/** Random worlds seldom have failures and nothing else. */
function failing(maxFailures: number): [{ shapes: Shape[]; wave: number; bakes: number; choice: number }] {
  const image: Shape = {
    parent: 0,
    triggers: { debounce: '0s' },
    pinned: false,
    disabled: false,
    failures: 1,
    maxFailures,
  };
  return [{ shapes: [image], wave: 100, bakes: 100, choice: 0 }];
}

const nameOf = (index: number) => `image-${index}`;
function specOf({ parent, triggers: own, pinned, maxFailures }: Shape, index: number): PipelineSpec {
  const base = index === 0 || parent >= index ? BASE_PARAMETER : nameOf(parent);
  const components = ['tool/1.x.x'];
  return {
    name: nameOf(index),
    base,
    components,
    triggers: own,
    more: { lifecycle: { pinned, maxFailures } },
  };
}

/** A world that has been baked once, in which the base has moved since, and in which things have gone wrong. */
async function troubled(
  { shapes, wave, bakes }: { shapes: readonly Shape[]; wave: number; bakes: number },
  specs: readonly PipelineSpec[],
): Promise<PlanningWorld> {
  const world = planningWorld({ limits: { wave: 1000, bakes: 1000 } });
  world.publishComponent('tool', '1.0.0');
  for (const spec of specs) await world.apply({ ...spec, triggers: { debounce: '0s' }, more: {} });
  await releaseAll(world);
  for (const spec of specs) await world.apply(spec);
  await world.settle();
  Object.assign(world.ports.limits, { wave, bakes });
  world.parameters.set(BASE_PARAMETER, ami(2));
  await world.notice(TOPIC);
  await world.notice(world.publishComponent('tool', '1.1.0'));
  await pass(world, 0);
  for (const [index, { disabled, failures }] of shapes.entries()) {
    for (let failed = 0; failed < failures; failed += 1) {
      const [running] = world.running().filter(({ pipeline }) => pipeline === nameOf(index));
      if (running === undefined) continue;
      await world.fail(running.id);
      await pass(world, failed + 1 < failures ? 60 : 0);
    }
    if (disabled) await disablePipeline(world.ports, { pipeline: nameOf(index), by: 'anna', reason: '' });
    await world.settle();
  }
  return world;
}

async function releaseAll(world: PlanningWorld): Promise<void> {
  for (let rounds = 0; rounds < 30; rounds += 1) {
    await world.settle();
    for (const { id } of world.running()) await world.release(id);
    await world.settle();
    if (world.running().length === 0) return;
  }
}

async function pass(world: PlanningWorld, seconds: number): Promise<void> {
  world.clock.forward(seconds);
  await world.settle();
  // What newer versions overtook is recorded as ended first.
  await world.endStopped();
  await world.settle();
  await world.sweep();
  await world.settle();
}

async function passUntil(world: PlanningWorld, until: string): Promise<void> {
  await pass(world, Math.max(0, (Date.parse(until) - world.clock.now().getTime()) / 1000));
}

/** Supplies what is missing, and nothing else. */
async function supply(
  world: PlanningWorld,
  name: string,
  remedy: Remedy,
  specs: readonly PipelineSpec[],
): Promise<void> {
  const { ports } = world;
  switch (remedy.condition) {
    case 'time':
      await passUntil(world, remedy.until ?? '');
      break;
    case 'bake-ends':
    case 'place':
      for (const { id } of world.running())
        if (remedy.bake === undefined || remedy.bake === id) await world.release(id);
      break;
    case 'ancestor-rests':
      // It rests when it has been baked and released.
      await startIt(world, remedy.pipeline ?? '', specs, 0);
      for (const { id, pipeline } of world.running())
        if (pipeline === remedy.pipeline) await world.release(id);
      break;
    case 'request':
    case 'force':
      await world.request(name, remedy.condition === 'force');
      break;
    case 'enabled':
      await enablePipeline(ports, { pipeline: name });
      break;
    case 'confirmed':
      await confirmWave(ports, { change: remedy.change ?? '', by: 'anna' });
      break;
    case 'definition': {
      const spec = specs.find((entry) => entry.name === name);
      if (spec !== undefined) await world.apply({ ...spec, more: {} });
      break;
    }
    case 'newer-version':
      world.parameters.set(BASE_PARAMETER, ami(world.clock.now().getTime() % 1_000_000));
      await world.notice(TOPIC);
      break;
    case 'resolves':
      throw new Error('Everything resolves in these worlds.');
  }
  // Within a minute the sweep has looked at lines.
  await pass(world, 0);
}

/** Supplies what each explanation names, until the pipeline bakes. Answers what it took. */
async function startIt(
  world: PlanningWorld,
  name: string,
  specs: readonly PipelineSpec[],
  choice: number,
): Promise<string[]> {
  const before = world.bakes(name).length;
  const taken: string[] = [];
  for (let round = 0; round < 12; round += 1) {
    const isBaking = world.running().some(({ pipeline }) => pipeline === name);
    if (isBaking || world.bakes(name).length > before) return taken;
    const { decision, isOutdated, dueAt } = await explainPipeline(world.ports, name);
    if (isOutdated && dueAt !== undefined) {
      await passUntil(world, dueAt);
      continue;
    }
    if (decision?.kind !== 'hold') return taken;
    for (const reason of decision.reasons) {
      const remedy = reason.remedies[choice % reason.remedies.length];
      if (remedy === undefined) throw new Error(`${reason.code} names nothing that would end it.`);
      taken.push(`${reason.code}: ${remedy.condition}`);
      await supply(world, name, remedy, specs);
    }
  }
  throw new Error(`${name} does not bake, whatever was supplied: ${taken.join(', ')}`);
}

describe('an explanation', () => {
  it('names exactly what is missing: once that is supplied, the bake starts', async () => {
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(worlds, async (given) => {
        const specs = given.shapes.map(specOf);
        const world = await troubled(given, specs);
        for (const { name } of specs) {
          const explanation = await explainPipeline(world.ports, name);
          if (explanation.decision?.kind !== 'hold') continue;
          const before = world.bakes(name).length;
          const wasBaking = explanation.state === 'baking';
          const taken = await startIt(world, name, specs, given.choice);
          for (const entry of taken) seen.set(entry, (seen.get(entry) ?? 0) + 1);
          if (!wasBaking) expect(world.bakes(name).length).toBeGreaterThan(before);
        }
      }),
      { numRuns: 30, seed: 4, examples: [failing(1), failing(3)] },
    );

    const codes = new Set([...seen.keys()].map((entry) => entry.split(':')[0]));
    for (const code of ['disabled', 'pinned', 'manual', 'schedule', 'freeze', 'storm-cap'])
      expect(codes).toContain(code);
    for (const code of ['back-off', 'too-many-failures', 'ancestor-moving', 'concurrency'])
      expect(codes).toContain(code);
  });

  it('tells only what was recorded: a chain ends where a row is gone', async () => {
    const world = planningWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.apply({ name: 'web', base: 'base' });
    await releaseAll(world);
    const bake = world.bakes('web').at(-1);
    const release = world.changes().find(({ selector, id }) => {
      return selector === 'pipeline:base/stable' && bake?.changes.includes(id);
    });
    await world.table.write([{ delete: { pk: `CHANGE#${release?.id}`, sk: 'META' } }]);

    const { last } = await explainPipeline(world.ports, 'web');

    const links = last?.chains.flat() ?? [];
    expect(links.flatMap((link) => (link.kind === 'change' ? [link.change.selector] : []))).toEqual([
      'definition:web',
    ]);
  });

  it('names what cannot be resolved, and what goes to and fro', async () => {
    const world = planningWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await releaseAll(world);
    for (const number of [2, 1, 2]) {
      world.parameters.set(BASE_PARAMETER, ami(number));
      await world.notice(TOPIC);
    }
    const flapping = await explainPipeline(world.ports, 'base');
    world.parameters.delete(BASE_PARAMETER);
    await world.notice(TOPIC);
    const gone = await explainPipeline(world.ports, 'base');

    expect(flapping.troubled).toMatchObject([{ key: TOPIC, unsettled: { until: expect.any(String) } }]);
    expect(gone.troubled).toMatchObject([{ key: TOPIC, problem: 'there is nothing of that name' }]);
  });

  it('of a bake that a person forced, or that a schedule started, says so', async () => {
    const world = planningWorld();
    const schedule = { expression: 'cron(0 6 * * ? *)', startCondition: 'always' as const };
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.apply({ name: 'daily', base: BASE_PARAMETER, triggers: { mode: 'schedule', schedule } });
    await releaseAll(world);
    await world.request('base', true);
    await pass(world, DAY);

    const forced = await explainPipeline(world.ports, 'base');
    const ticked = await explainPipeline(world.ports, 'daily');

    expect(naturesOf(forced)).toEqual(['request']);
    expect(naturesOf(ticked)).toContain('tick');
    expect(ticked.schedule?.next).toBeDefined();
  });
});

function naturesOf({ last }: Explanation): string[] {
  return (last?.chains ?? []).flat().flatMap((link) => (link.kind === 'change' ? [link.is] : []));
}
