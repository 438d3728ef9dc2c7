/**
 * The rules of noticing and planning over random worlds: pipelines on top of each other that share components, changes at any moment, messages
 * that are lost, doubled and mixed up, processes that die between any two calls, builds that fail.
 */
import fc from 'fast-check';
import { isTerminal } from '../../shared/domain/lifecycle.ts';
import { AttemptRecordSchema, type BakeRecord, BakeRecordSchema } from '../../shared/domain/records.ts';
import { isSame, wishOf } from '../../shared/domain/wish.ts';
import type { Write } from '../../shared/ports.ts';
import { readSituation } from '../../shared/use-cases/plan-situation.ts';
import { Crash, type CrashPoint, crashing } from '../support/crashing.ts';
import { digest } from '../support/fakes/time-and-ids.ts';
import { ami, BASE_PARAMETER, type PlanningWorld, planningWorld } from '../support/planning-world.ts';

const COMPONENTS = ['agents', 'tools', 'certs'] as const;

const pipeline = fc.record({
  /** Index of an earlier pipeline that it is built on; none: the public parameter. */
  parent: fc.option(fc.nat(4), { freq: 4 }),
  components: fc.subarray([...COMPONENTS]),
  debounceSeconds: fc.constantFrom(0, 0, 60),
});

const crash: fc.Arbitrary<CrashPoint> = fc.record({
  call: fc.nat(14),
  when: fc.constantFrom('before' as const, 'after' as const),
});

const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('base' as const), told: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('component' as const),
      name: fc.constantFrom(...COMPONENTS),
      told: fc.boolean(),
      twice: fc.boolean(),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ kind: fc.constant('work' as const), crash: fc.option(crash), side: fc.nat(2) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fail' as const), which: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('approve' as const), which: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('force' as const), which: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('publish' as const), lost: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('shuffle' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.nat(400) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep' as const), crash: fc.option(crash) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('stopped' as const) }) },
);
type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;

export const engineWorld = fc.record({
  pipelines: fc.array(pipeline, { minLength: 2, maxLength: 5 }),
  actions: fc.array(action, { maxLength: 60 }),
});
export type EngineWorld = typeof engineWorld extends fc.Arbitrary<infer Value> ? Value : never;

const nameOf = (index: number) => `p${index}-pipeline`;

/** What may be planted: conditions that nobody checks, a periodic look that nobody takes, messages that nobody gets. */
export const FAULTS = ['no-conditions', 'no-reconcile', 'no-sweep'] as const;
export type Fault = (typeof FAULTS)[number];

function plant(world: PlanningWorld, fault: Fault | undefined): void {
  const { write } = world.table;
  if (fault === 'no-conditions')
    world.table.write = (writes) =>
      write(writes.filter((entry) => !('check' in entry)).map(({ when: _, ...entry }) => entry as Write));
  if (fault === 'no-reconcile') world.reconcile = async () => ({ selectors: 0, topics: 0 });
  if (fault === 'no-sweep') world.sweep = async () => ({ done: {}, failed: [] });
}

/** Plays the world to its end and answers every rule that was broken, as a sentence. */
export async function playEngine(given: EngineWorld, fault?: Fault): Promise<string[]> {
  const world = planningWorld();
  plant(world, fault);
  const broken: string[] = [];
  for (const name of COMPONENTS) world.components.set(name, '1.0.0');
  for (const [index, { parent, components, debounceSeconds }] of given.pipelines.entries()) {
    await world.apply({
      name: nameOf(index),
      base: parent === null || index === 0 ? BASE_PARAMETER : nameOf(parent % index),
      components: components.map((name) => `${name}/1.x.x`),
      triggers: { debounce: `${debounceSeconds}s`, maxHold: '99d' },
    });
  }
  watch(world, broken);
  const moving = { base: 1, component: 0 };
  for (const entry of given.actions) await act(world, entry, given.pipelines.length, moving);
  await comeToRest(world, broken);
  await judge(world, given.pipelines.length, broken);
  return broken;
}

/** What must hold at every moment is looked at with every write. */
function watch(world: PlanningWorld, broken: string[]): void {
  world.table.onWrite((changes) => {
    for (const { before, after } of changes) {
      if (after?.sk.startsWith('ATTEMPT#') !== true) continue;
      const [was, is] = [AttemptRecordSchema.safeParse(before), AttemptRecordSchema.parse(after)];
      if (was.success && isTerminal(was.data.state) && was.data.state !== is.state)
        broken.push(`9: attempt of ${is.bake} went from ${was.data.state} to ${is.state}`);
    }
    for (const { before, after } of changes) {
      if (before !== undefined || after?.pk.startsWith('BAKE#') !== true || after.sk !== 'META') continue;
      const bake = BakeRecordSchema.parse(after);
      const beside = world
        .running()
        .filter(({ pipeline, id }) => pipeline === bake.pipeline && id !== bake.id);
      if (beside.length > 0) broken.push(`2: ${bake.id} started beside ${beside[0]?.id}`);
      broken.push(...movingAncestors(world, bake));
      if (bake.changes.length === 0) broken.push(`7: ${bake.id} has no cause`);
    }
  });
}

function movingAncestors(world: PlanningWorld, bake: BakeRecord): string[] {
  const found: string[] = [];
  let selector = bake.lock.base.selector;
  while (selector.kind === 'pipeline') {
    const name = selector.pipeline;
    if (world.planning(name)?.activeBake !== undefined)
      found.push(`3: ${bake.id} started while ${name} bakes`);
    else if (isStaleNow(world, name)) found.push(`3: ${bake.id} started while ${name} is about to bake`);
    selector = world.pipeline(name).plan.base;
  }
  return found;
}

function isStaleNow(world: PlanningWorld, name: string): boolean {
  const seen = world.seen(name);
  const wish = wishOf(digest, seen);
  if (!wish.known || isSame(seen.channel, wish.wanted)) return false;
  if (seen.planning.consecutiveFailures >= seen.pipeline.plan.maxFailures) return false;
  const state = world.fingerprint(name, wish.wanted)?.state;
  return state !== 'refused' && state !== 'released';
}

async function act(
  world: PlanningWorld,
  entry: Action,
  pipelines: number,
  moving: { base: number; component: number },
): Promise<void> {
  const pick = (which: number) => {
    const running = world.running().filter(({ id }) => world.hasStarted(id));
    return running[which % Math.max(1, running.length)];
  };
  switch (entry.kind) {
    case 'base':
      moving.base += 1;
      world.parameters.set(BASE_PARAMETER, ami(moving.base));
      if (entry.told) world.hints.push({ topics: [`ssm:eu-west-1:${BASE_PARAMETER}`] });
      return;
    case 'component': {
      moving.component += 1;
      const topic = world.publishComponent(entry.name, `1.${moving.component}.0`);
      if (entry.told) world.hints.push({ topics: [topic] }, ...(entry.twice ? [{ topics: [topic] }] : []));
      return;
    }
    case 'work':
      await work(world, entry.crash, entry.side);
      return;
    case 'release': {
      const bake = pick(entry.which);
      if (bake !== undefined) await ignoringEnds(() => world.release(bake.id));
      return;
    }
    case 'fail': {
      const bake = pick(entry.which);
      if (bake !== undefined) await world.fail(bake.id);
      return;
    }
    case 'approve': {
      const bake = pick(entry.which);
      if (bake !== undefined) await ignoringEnds(() => world.walk(bake.id, 'Distribute'));
      return;
    }
    case 'force':
      await world.request(nameOf(entry.which % pipelines), true);
      return;
    case 'publish': {
      const before = world.hints.length;
      await world.publish();
      if (entry.lost) world.hints.splice(before);
      return;
    }
    case 'lose':
      world.hints.shift();
      return;
    case 'shuffle':
      world.hints.reverse();
      world.plans.reverse();
      return;
    case 'wait':
      world.clock.forward(entry.seconds);
      return;
    case 'sweep':
      await dying(world, entry.crash, (ports) => world.sweep(ports));
      return;
    case 'stopped':
      await world.endStopped();
      return;
  }
}

/** Up to three workers at once; the first may die, and its message comes again. */
async function work(world: PlanningWorld, crash: CrashPoint | null, side: number): Promise<void> {
  const before = { hints: [...world.hints], plans: [...world.plans] };
  const first = dying(world, crash, (ports) => world.step(ports));
  const rest = Array.from({ length: side }, () => world.step());
  const [died] = await Promise.all([first, ...rest]);
  if (died !== true) return;
  const [hint] = before.hints;
  if (hint !== undefined) world.hints.push(hint);
  else world.plans.push(...before.plans.slice(0, 1));
}

async function dying(
  world: PlanningWorld,
  crash: CrashPoint | null,
  run: (ports: PlanningWorld['ports']) => Promise<unknown>,
): Promise<boolean> {
  try {
    await run(crash === null ? world.ports : mortal(world.ports, crash));
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}

/** Only calls can be the last one: names are made up without calling anybody. */
function mortal(ports: PlanningWorld['ports'], crash: CrashPoint): PlanningWorld['ports'] {
  const own = crashing(ports, [crash]);
  const { executionArn } = ports.workflows;
  const { startBake, stop, describe } = own.workflows;
  return {
    ...own,
    home: ports.home,
    memory: ports.memory,
    workflows: { executionArn, startBake, stop, describe },
  };
}

/** A bake that was asked to end does not go on; that is no fault. */
async function ignoringEnds(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof Error) || !['AttemptEnded', 'ReleaseOutdated'].includes(error.name)) throw error;
  }
}

/** Changes stop, nothing fails any more, and time passes. */
async function comeToRest(world: PlanningWorld, broken: string[]): Promise<void> {
  for (let round = 0; round < 80; round += 1) {
    await world.reconcile();
    world.clock.forward(round < 40 ? 120 : 6 * 3600);
    await world.sweep();
    await world.settle();
    await world.endStopped();
    await world.settle();
    const running = world.running();
    for (const bake of running.filter(({ id }) => world.hasStarted(id)))
      await ignoringEnds(() => world.release(bake.id));
    await world.settle();
    if (round > 42 && running.length === 0) return;
  }
  broken.push(`1: still baking after all: ${world.running().map(({ id }) => id)}`);
}

async function judge(world: PlanningWorld, pipelines: number, broken: string[]): Promise<void> {
  const bakes = world.bakes();
  const changes = new Map(world.changes().map((change) => [change.id, change]));
  for (let index = 0; index < pipelines; index += 1) {
    const name = nameOf(index);
    const { situation } = await readSituation(world.ports, name);
    if (isStaleNow(world, name))
      broken.push(`1: ${name} is stale: ${JSON.stringify(situation.seen.planning.decision)}`);
    if (situation.seen.planning.decision === undefined) broken.push(`7: nothing is recorded of ${name}`);
    broken.push(...(await unnoticed(world, name)));
    const own = bakes.filter((bake) => bake.pipeline === name);
    broken.push(...tooMany(own), ...supersededTooOften(own));
  }
  for (const bake of bakes) {
    const lost = [...bake.changes, ...bake.causes].filter((id) => !changes.has(id));
    if (lost.length > 0) broken.push(`7: ${bake.id} leads to ${lost}, which is nowhere`);
  }
  for (const attempt of world.table.items().filter(({ sk }) => sk.startsWith('ATTEMPT#'))) {
    const arn = String(attempt.execution);
    // One that was asked to end in time needs no machine.
    if (attempt.endRequested === undefined && !world.executions.has(arn))
      broken.push(`5: ${arn} was never started`);
  }
  const open = world.table
    .items()
    .filter(({ pk, published }) => pk.startsWith('OUTBOX#') && published !== true);
  if (open.length > 0) broken.push(`5: ${open.length} events were never published`);
  if (world.changes().some(({ fanOut }) => fanOut === 'open')) broken.push('5: a fan-out is still open');
}

/** Selectors whose row says something else than the world. */
async function unnoticed(world: PlanningWorld, name: string): Promise<string[]> {
  const rows = world.seen(name).selectors.flatMap((row) => row ?? []);
  const found = rows.map(async ({ key, selector, version }) => {
    const truth =
      selector.kind === 'pipeline'
        ? world.channel(selector.pipeline)?.release
        : await world.ports.resolver.resolve(selector).then((now) => (now.found ? now.version : undefined));
    return truth === version ? [] : [`1: ${key} is ${truth}, but ${version} was noticed`];
  });
  return (await Promise.all(found)).flat();
}

function tooMany(bakes: readonly BakeRecord[]): string[] {
  const released = bakes
    .filter(({ state }) => state === 'released')
    .map(({ bits, proof }) => `${bits} ${proof}`);
  return released.length === new Set(released).size
    ? []
    : [`2: ${bakes[0]?.pipeline} released a fingerprint twice`];
}

function supersededTooOften(bakes: readonly BakeRecord[]): string[] {
  let inRow = 0;
  for (const { state, pipeline } of bakes) {
    inRow = state === 'superseded' ? inRow + 1 : 0;
    if (inRow > 2) return [`8: ${pipeline} was superseded ${inRow} times in a row`];
  }
  return [];
}
