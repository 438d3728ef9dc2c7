import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { explanationLines } from '../../../cli/commands/explain.ts';
import type { Explanation } from '../../../shared/domain/api/explanation.ts';
import { keys } from '../../../shared/domain/base/naming.ts';
import type { DefinitionInput } from '../../../shared/domain/definitions/definition.ts';
import type { Remedy } from '../../../shared/domain/reconcile/remedies.ts';
import { disablePipeline } from '../../../shared/use-cases/definitions/disable-pipeline.ts';
import { enablePipeline } from '../../../shared/use-cases/definitions/enable-pipeline.ts';
import { explainPipeline } from '../../../shared/use-cases/queries/explain-pipeline.ts';
import { cancelBake } from '../../../shared/use-cases/reconcile/cancel-bake.ts';
import { confirmWave } from '../../../shared/use-cases/reconcile/confirm-wave.ts';
import {
  ami,
  BASE_PARAMETER,
  type PipelineFixture,
  type ReconcileWorld,
  reconcileWorld,
} from '../../support/reconcile-world.ts';

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
function buildFailingCase(
  maxFailures: number,
): [{ shapes: Shape[]; wave: number; bakes: number; choice: number }] {
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

const toImageName = (index: number) => `image-${index}`;
function toFixture({ parent, triggers: own, pinned, maxFailures }: Shape, index: number): PipelineFixture {
  const base = index === 0 || parent >= index ? BASE_PARAMETER : toImageName(parent);
  const components = ['tool/1.x.x'];
  return {
    name: toImageName(index),
    base,
    components,
    triggers: own,
    more: { lifecycle: { pinned, maxFailures } },
  };
}

/** A world that has been baked once, in which the base has moved since, and in which things have gone wrong. */
async function createTroubledWorld(
  { shapes, wave, bakes }: { shapes: readonly Shape[]; wave: number; bakes: number },
  specs: readonly PipelineFixture[],
): Promise<ReconcileWorld> {
  const world = reconcileWorld({ limits: { wave: 1000, bakes: 1000 } });
  world.publishComponent('tool', '1.0.0');
  for (const spec of specs) await world.apply({ ...spec, triggers: { debounce: '0s' }, more: {} });
  await releaseAll(world);
  for (const spec of specs) await world.apply(spec);
  await world.runUntilIdle();
  Object.assign(world.ports.limits, { wave, bakes });
  world.parameters.set(BASE_PARAMETER, ami(2));
  await world.detect(TOPIC);
  await world.detect(world.publishComponent('tool', '1.1.0'));
  await passTime(world, 0);
  for (const [index, { disabled, failures }] of shapes.entries()) {
    for (let failed = 0; failed < failures; failed += 1) {
      const [running] = world.running().filter(({ pipeline }) => pipeline === toImageName(index));
      if (running === undefined) continue;
      await world.fail(running.id);
      await passTime(world, failed + 1 < failures ? 60 : 0);
    }
    if (disabled)
      await disablePipeline(world.ports, { pipeline: toImageName(index), by: 'anna', reason: '' });
    await world.runUntilIdle();
  }
  return world;
}

async function releaseAll(world: ReconcileWorld): Promise<void> {
  for (let rounds = 0; rounds < 30; rounds += 1) {
    await world.runUntilIdle();
    for (const { id } of world.running()) await world.release(id);
    await world.runUntilIdle();
    if (world.running().length === 0) return;
  }
}

async function passTime(world: ReconcileWorld, seconds: number): Promise<void> {
  world.clock.forward(seconds);
  await world.runUntilIdle();
  // What newer versions overtook is recorded as ended first.
  await world.endStopped();
  await world.runUntilIdle();
  await world.sweep();
  await world.runUntilIdle();
}

async function passTimeUntil(world: ReconcileWorld, until: string): Promise<void> {
  await passTime(world, Math.max(0, (Date.parse(until) - world.clock.now().getTime()) / 1000));
}

/** Supplies what is missing, and nothing else. */
async function applyRemedy(
  world: ReconcileWorld,
  name: string,
  remedy: Remedy,
  specs: readonly PipelineFixture[],
): Promise<void> {
  const { ports } = world;
  switch (remedy.condition) {
    case 'time':
      await passTimeUntil(world, remedy.until ?? '');
      break;
    case 'bake-ends':
    case 'slot':
      for (const { id } of world.running())
        if (remedy.bake === undefined || remedy.bake === id) await world.release(id);
      break;
    case 'ancestor-settled':
      // It rests when it has been baked and released.
      await followRemedies(world, remedy.pipeline ?? '', specs, 0);
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
      await world.detect(TOPIC);
      break;
    case 'resolves':
      throw new Error('Everything resolves in these worlds.');
  }
  // Within a minute the sweep has looked at lines.
  await passTime(world, 0);
}

/** Supplies what each explanation names, until the pipeline bakes. Answers what it took. */
async function followRemedies(
  world: ReconcileWorld,
  name: string,
  specs: readonly PipelineFixture[],
  choice: number,
): Promise<string[]> {
  const before = world.bakes(name).length;
  const taken: string[] = [];
  for (let round = 0; round < 12; round += 1) {
    const isBaking = world.running().some(({ pipeline }) => pipeline === name);
    if (isBaking || world.bakes(name).length > before) return taken;
    const { decision, isOutdated, dueAt } = await explainPipeline(world.ports, name);
    if (isOutdated && dueAt !== undefined) {
      await passTimeUntil(world, dueAt);
      continue;
    }
    if (decision?.kind !== 'hold') return taken;
    for (const reason of decision.reasons) {
      const remedy = reason.remedies[choice % reason.remedies.length];
      if (remedy === undefined) throw new Error(`${reason.code} names nothing that would end it.`);
      taken.push(`${reason.code}: ${remedy.condition}`);
      await applyRemedy(world, name, remedy, specs);
    }
  }
  throw new Error(`${name} does not bake, whatever was supplied: ${taken.join(', ')}`);
}

describe('an explanation', () => {
  it('names exactly what is missing: once that is supplied, the bake starts', async () => {
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(worlds, async (given) => {
        const specs = given.shapes.map(toFixture);
        const world = await createTroubledWorld(given, specs);
        for (const { name } of specs) {
          const explanation = await explainPipeline(world.ports, name);
          if (explanation.decision?.kind !== 'hold') continue;
          const before = world.bakes(name).length;
          const wasBaking = explanation.state === 'baking';
          const taken = await followRemedies(world, name, specs, given.choice);
          for (const entry of taken) seen.set(entry, (seen.get(entry) ?? 0) + 1);
          if (!wasBaking) expect(world.bakes(name).length).toBeGreaterThan(before);
        }
      }),
      { numRuns: 30, seed: 4, examples: [buildFailingCase(1), buildFailingCase(3)] },
    );

    const codes = new Set([...seen.keys()].map((entry) => entry.split(':')[0]));
    for (const code of ['disabled', 'pinned', 'manual', 'schedule', 'freeze', 'wave-unconfirmed'])
      expect(codes).toContain(code);
    for (const code of ['back-off', 'too-many-failures', 'ancestor-in-progress', 'concurrency'])
      expect(codes).toContain(code);
  });

  it('tells only what was recorded: a chain ends where a row is gone', async () => {
    const world = reconcileWorld();
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
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await releaseAll(world);
    for (const number of [2, 1, 2]) {
      world.parameters.set(BASE_PARAMETER, ami(number));
      await world.detect(TOPIC);
    }
    const flapping = await explainPipeline(world.ports, 'base');
    world.parameters.delete(BASE_PARAMETER);
    await world.detect(TOPIC);
    const gone = await explainPipeline(world.ports, 'base');

    expect(flapping.unresolved).toMatchObject([{ key: TOPIC, unsettled: { until: expect.any(String) } }]);
    expect(gone.unresolved).toMatchObject([{ key: TOPIC, problem: 'there is nothing of that name' }]);
  });

  it('of a bake that was cancelled in a freeze gives one answer: nothing starts before its end, and by itself nothing then', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.runUntilIdle();
    await cancelBake(world.ports, { bake: world.running()[0]?.id ?? '', by: 'anna' });
    const to = new Date(world.clock.now().getTime() + DAY * 1000).toISOString();
    const freeze = [{ reason: 'Sale.', from: '2026-03-01T00:00:00Z', to }];
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: { freeze } });
    await passTime(world, 0);

    const explanation = await explainPipeline(world.ports, 'base');
    const text = explanationLines(explanation, 200).join('\n');

    expect(explanation.decision?.reasons.map(({ code }) => code)).toEqual(['refused', 'freeze']);
    const end = to.slice(0, 16).replace('T', ' ');
    expect(text).toContain(`or when a bake is requested, but not before ${end} UTC:`);
    expect(text).toContain(`It bakes at ${end} UTC at the earliest, once no other reason holds it`);
    expect(text).not.toMatch(/It bakes at [^,]*UTC\n/);
  });

  it('of a bake that a person forced, or that a schedule started, says so', async () => {
    const world = reconcileWorld();
    const schedule = { expression: 'cron(0 6 * * ? *)', startCondition: 'always' as const };
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.apply({ name: 'daily', base: BASE_PARAMETER, triggers: { mode: 'schedule', schedule } });
    await releaseAll(world);
    await world.request('base', true);
    await passTime(world, DAY);

    const forced = await explainPipeline(world.ports, 'base');
    const ticked = await explainPipeline(world.ports, 'daily');

    expect(listChangeNatures(forced)).toEqual(['request']);
    expect(listChangeNatures(ticked)).toContain('tick');
    expect(ticked.schedule?.next).toBeDefined();
  });
});

/** A pipeline that is current, to which something is done then. */
async function createUpToDateWorld(after: Partial<PipelineFixture> = {}): Promise<ReconcileWorld> {
  const world = reconcileWorld();
  await world.apply({ name: 'base', base: BASE_PARAMETER });
  await releaseAll(world);
  await world.apply({ name: 'base', base: BASE_PARAMETER, ...after });
  await world.runUntilIdle();
  return world;
}

async function changeBase(world: ReconcileWorld): Promise<void> {
  world.parameters.set(BASE_PARAMETER, ami(2));
  await world.detect(TOPIC);
  await world.runUntilIdle();
}

async function readRemedies(world: ReconcileWorld): Promise<Remedy[]> {
  const { decision } = await explainPipeline(world.ports, 'base');
  return (decision?.reasons ?? []).flatMap(({ remedies }) => remedies);
}

/** Each remedy with what it takes beside it. */
async function readConditions(world: ReconcileWorld): Promise<string[]> {
  const remedies = await readRemedies(world);
  return remedies.map(({ condition, also = [] }) => [condition, ...also].join('+'));
}

const RESTING: Readonly<Record<string, Partial<PipelineFixture>>> = {
  manual: { triggers: { mode: 'manual' } },
  pinned: { more: { lifecycle: { pinned: true } } },
  disabled: {},
};

describe('an explanation of a current pipeline', () => {
  it.each([
    ['manual', ['request+newer-version', 'force']],
    ['pinned', ['definition+newer-version', 'request+newer-version', 'force']],
    ['disabled', ['enabled+newer-version', 'request+newer-version', 'force']],
  ])('that is %s does not say that newer versions alone bake it', async (how, conditions) => {
    const world = await createUpToDateWorld(RESTING[how]);
    if (how === 'disabled') await disablePipeline(world.ports, { pipeline: 'base', by: 'anna', reason: '' });
    await world.runUntilIdle();

    expect(await readConditions(world)).toEqual(conditions);

    await changeBase(world);
    expect(world.bakes('base')).toHaveLength(1);
    if (how === 'disabled') await enablePipeline(world.ports, { pipeline: 'base' });
    else if (how === 'pinned') await world.apply({ name: 'base', base: BASE_PARAMETER });
    else await world.request('base');
    await world.runUntilIdle();
    expect(world.bakes('base')).toHaveLength(2);
  });

  it('that failed too often says that its failures have to be forgotten', async () => {
    const world = await createUpToDateWorld({ more: { lifecycle: { maxFailures: 1 } } });
    await changeBase(world);
    for (const { id } of world.running()) await world.fail(id);
    await world.runUntilIdle();
    world.parameters.set(BASE_PARAMETER, ami(1));
    await world.detect(TOPIC);
    await world.runUntilIdle();

    const [first] = await readRemedies(world);

    expect(await readConditions(world)).toEqual(['enabled+newer-version', 'request+newer-version', 'force']);
    expect(first?.sentence).toContain('once its failures are forgotten, and something');
  });

  it('that rests for several reasons names only what ends them all', async () => {
    const world = await createUpToDateWorld({ ...RESTING.pinned, ...RESTING.manual });

    expect(await readConditions(world)).toEqual(['request+newer-version', 'force']);
    await changeBase(world);
    await world.request('base');
    await world.runUntilIdle();
    expect(world.bakes('base')).toHaveLength(2);
  });

  it('with a schedule says that newer versions wait for its next time', async () => {
    const world = await createUpToDateWorld({
      triggers: { mode: 'schedule', schedule: { expression: 'cron(0 6 * * ? *)' } },
    });

    const [first] = await readRemedies(world);

    expect(first).toMatchObject({ condition: 'time', also: ['newer-version'] });
    expect(first?.sentence).toMatch(
      /^at .+, the next time of its schedule, if something .+ is newer by then$/,
    );
    await changeBase(world);
    expect(world.bakes('base')).toHaveLength(1);
    await passTimeUntil(world, first?.until ?? '');
    expect(world.bakes('base')).toHaveLength(2);
  });

  it('that bakes at each time of its schedule says so', async () => {
    const schedule = { expression: 'cron(0 6 * * ? *)', startCondition: 'always' as const };
    const world = await createUpToDateWorld({ triggers: { mode: 'schedule', schedule } });

    const [first] = await readRemedies(world);

    expect(first?.sentence).toMatch(/^at .+, the next time of its schedule$/);
    expect(first?.also).toBeUndefined();
    await passTimeUntil(world, first?.until ?? '');
    expect(world.bakes('base')).toHaveLength(2);
  });

  it('with a schedule, disabled, takes its next time and something newer beside', async () => {
    const schedule = { expression: 'cron(0 6 * * ? *)' };
    const world = await createUpToDateWorld({ triggers: { mode: 'schedule', schedule } });
    await disablePipeline(world.ports, { pipeline: 'base', by: 'anna', reason: '' });

    const [first] = await readRemedies(world);

    expect(first).toMatchObject({
      condition: 'enabled',
      also: ['newer-version', 'time'],
      sentence:
        'once it is enabled, and something that it is made of is newer, at the next time of its schedule',
    });
  });

  it('whose schedule is over says that it has to be changed', async () => {
    const world = await createUpToDateWorld({
      triggers: { mode: 'schedule', schedule: { expression: 'cron(0 6 1 1 ? 2027)' } },
    });
    world.clock.forward(2 * 365 * DAY);

    expect(await readRemedies(world)).toMatchObject([
      { condition: 'definition', field: 'triggers.schedule', also: ['newer-version', 'time'] },
      { condition: 'request' },
      { condition: 'force' },
    ]);
  });
});

describe('an explanation of a pipeline whose bake makes what is wanted', () => {
  /** The release of the bake that runs, and an hour more. */
  async function finish(world: ReconcileWorld): Promise<void> {
    for (const { id } of world.running()) await world.release(id);
    await passTime(world, 3600);
  }
  const words = { name: 'base', base: BASE_PARAMETER, more: { description: 'Other words.' } };

  it('names nothing that would follow it, where it was told twice of the same', async () => {
    const world = await createUpToDateWorld();
    await changeBase(world);
    const [running] = world.running();
    // A second mark of the same change, as a late page of its fan-out makes it.
    const mark = { dirty: true, changes: running?.changes ?? [] };
    await world.table.write([{ update: keys.status('base'), set: mark, add: { version: 1 } }]);
    world.reconcileRequests.push({ pipeline: 'base', at: 0 });
    await world.runUntilIdle();

    const { decision } = await explainPipeline(world.ports, 'base');

    expect(decision?.reasons).toMatchObject([{ code: 'bake-running', bake: running?.id, remedies: [] }]);
    await finish(world);
    expect(world.bakes('base')).toHaveLength(2);
  });

  it('names nothing that would follow it, where the definition has only new words', async () => {
    const world = await createUpToDateWorld();
    await changeBase(world);
    await world.apply(words);
    await world.runUntilIdle();

    const { decision } = await explainPipeline(world.ports, 'base');

    expect(decision?.reasons).toMatchObject([{ code: 'bake-running', remedies: [] }]);
    expect(decision?.reasons[0]?.message).toContain('If its definition has gained targets since');
    await finish(world);
    expect(world.bakes('base')).toHaveLength(2);
  });

  it('says that another follows its end to targets that are new', async () => {
    const world = await createUpToDateWorld();
    await changeBase(world);
    const targets = [{ account: '444455556666', regions: ['eu-west-1'] }];
    await world.apply({ ...words, more: { distribution: { targets } } });
    await world.runUntilIdle();

    expect(await readConditions(world)).toEqual(['bake-ends']);
    await finish(world);
    expect(world.bakes('base')).toHaveLength(3);
  });

  it('names nothing that would follow it, where a person cancels it', async () => {
    const world = await createUpToDateWorld();
    await changeBase(world);
    const [running] = world.running();
    await cancelBake(world.ports, { bake: running?.id ?? '', by: 'anna' });
    await world.apply(words);
    await world.runUntilIdle();

    expect(await readConditions(world)).toEqual([]);
    await world.fail(running?.id ?? '', 'States.Aborted', 'Cancelled.');
    await passTime(world, 3600);
    expect(world.bakes('base')).toHaveLength(2);
  });

  it('says that another follows its end, where newer versions overtook it and are gone', async () => {
    const world = await createUpToDateWorld();
    await changeBase(world);
    world.parameters.set(BASE_PARAMETER, ami(3));
    await world.detect(TOPIC);
    await world.runUntilIdle();
    world.parameters.set(BASE_PARAMETER, ami(2));
    await world.detect(TOPIC);
    await world.runUntilIdle();

    expect(await readConditions(world)).toEqual(['bake-ends']);
    await passTime(world, 3600);
    expect(world.bakes('base')).toHaveLength(3);
  });
});

describe('the causes in an explanation', () => {
  it('names every first change, or how many more there are', async () => {
    const world = reconcileWorld();
    const names = ['t1', 't2', 't3', 't4', 't5'];
    const components = names.map((name) => `${name}/1.x.x`);
    for (const name of names) world.publishComponent(name, '1.0.0');
    await world.apply({ name: 'base', base: BASE_PARAMETER, components, triggers: { debounce: '60s' } });
    await world.apply({ name: 'web', base: 'base' });
    await passTime(world, 100);
    await releaseAll(world);
    for (const name of names) await world.detect(world.publishComponent(name, '1.1.0'));
    await passTime(world, 100);
    await releaseAll(world);

    const explanation = await explainPipeline(world.ports, 'web');

    const { chains = [], more, moreCauses } = explanation.last ?? {};
    const firsts = chains.map(([first]) => (first?.kind === 'change' ? first.change.selector : ''));
    expect(new Set(firsts).size).toBe(3);
    expect({ more, moreCauses }).toEqual({ more: 0, moreCauses: 2 });
    expect(explanationLines(explanation, 80)).toContain('  and 2 earlier causes');
  });
});

function listChangeNatures({ last }: Explanation): string[] {
  return (last?.chains ?? []).flat().flatMap((link) => (link.kind === 'change' ? [link.is] : []));
}
