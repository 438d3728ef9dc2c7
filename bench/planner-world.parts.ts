/** The ports of reconcile in memory, with an estate in the table and a count of what goes through the table's port. */
import { cronerCalendar } from '../shared/adapters/croner-calendar.ts';
import { sha256 } from '../shared/adapters/system-clock.ts';
import { due, keys, lists } from '../shared/domain/base/naming.ts';
import { type BakeRecord, BakeRecordSchema } from '../shared/domain/records/bakes.ts';
import type { OutboxRecord } from '../shared/domain/records/outbox.ts';
import { ChannelRecordSchema, type ReleaseRecord } from '../shared/domain/records/releases.ts';
import type { Selector } from '../shared/domain/selectors/selectors.ts';
import type { HintQueue } from '../shared/ports/hint-queue.ts';
import type { Limits } from '../shared/ports/limits.ts';
import type { ReconcileQueue } from '../shared/ports/reconcile-queue.ts';
import type { Resolution, SelectorResolver } from '../shared/ports/selector-resolver.ts';
import type { Table } from '../shared/ports/table.ts';
import type { Workflows } from '../shared/ports/workflows.ts';
import { releaseSlots } from '../shared/use-cases/capacity/slots.ts';
import { detectTopic } from '../shared/use-cases/detect/detect-topic.ts';
import { reconcilePipeline } from '../shared/use-cases/reconcile/reconcile-pipeline.ts';
import { enqueueAfterRelease } from '../shared/use-cases/releases/enqueue-after-release.ts';
import { prepareReleaseChange } from '../shared/use-cases/releases/release-change.ts';
import { type MemoryTable, memoryTable } from '../test/support/fakes/memory-table.ts';
import { countingIds, fakeClock } from '../test/support/fakes/time-and-ids.ts';
import { type Estate, toParameterName } from './estate.parts.ts';
import { writeEstate } from './estate-rows.parts.ts';

export const HOME = { account: '111122223333', region: 'eu-west-1' };
/** As many images as there are, and all at once: what is measured is reconciling, not the limits on it. */
const UNLIMITED: Limits = { bakes: 1_000_000, bakesOfTeam: 1_000_000, wave: 1_000_000 };

export interface Calls {
  /** Items asked for by key, and items that queries found; a query that finds nothing is one. */
  reads: number;
  /** Items written or checked. */
  writes: number;
  /** Calls of the port; each is one round to the table, or a few side by side. */
  trips: number;
  /** Pages of the index that lists everything: nothing on the event path may need one. */
  listPages: number;
}

export interface EstateWorld {
  readonly table: MemoryTable;
  readonly calls: Calls;
  /** How often each selector was resolved. */
  readonly resolved: Map<string, number>;
  readonly hints: (readonly string[])[];
  readonly ports: ReturnType<typeof createPorts>;
}

function countCalls(table: Table, calls: Calls): Table {
  return {
    get: (key) => {
      calls.trips += 1;
      calls.reads += 1;
      return table.get(key);
    },
    getMany: (all) => {
      calls.trips += 1;
      calls.reads += all.length;
      return table.getMany(all);
    },
    query: async (query) => {
      calls.trips += 1;
      if (query.index === 'list') calls.listPages += 1;
      const page = await table.query(query);
      calls.reads += Math.max(1, page.items.length);
      return page;
    },
    write: (writes) => {
      calls.trips += 1;
      calls.writes += writes.length;
      return table.write(writes);
    },
  };
}

/** What selectors mean: a number that counts up for each parameter and each component. */
class FakeSources {
  readonly #moves = new Map<string, number>();

  changeVersion(name: string): void {
    this.#moves.set(name, (this.#moves.get(name) ?? 1) + 1);
  }
  readVersion(selector: Selector): { version: string; detail: Record<string, string> } {
    if (selector.kind === 'ssm') {
      const amiId = `ami-${(this.#moves.get(selector.name) ?? 1).toString(16).padStart(17, '0')}`;
      return { version: amiId, detail: { amiId } };
    }
    if (selector.kind !== 'component') throw new Error(`No ${selector.kind} selector is in the estate.`);
    const [arn = '', name = ''] = selector.arn.split('/');
    return { version: `${arn}/${name}/1.0.${this.#moves.get(name) ?? 1}/1`, detail: {} };
  }
}

function createPorts(table: Table, outside: FakeSources, resolved: Map<string, number>) {
  const plans: string[] = [];
  const hints: (readonly string[])[] = [];
  // A name starts one execution, however often it is asked to.
  const started = new Set<string>();
  const resolver: SelectorResolver = {
    resolve: async (selector): Promise<Resolution> => {
      const name = selector.kind === 'ssm' ? selector.name : JSON.stringify(selector);
      resolved.set(name, (resolved.get(name) ?? 0) + 1);
      return { found: true, ...outside.readVersion(selector) };
    },
  };
  const reconcileQueue: ReconcileQueue = {
    send: async (requests) => {
      for (const { pipeline } of requests) plans.push(pipeline);
    },
  };
  const hintQueue: HintQueue = { send: async (topics) => void hints.push(topics) };
  const executionArn = (machine: string, name: string) => `arn:execution:${machine}:${name}`;
  const workflows: Pick<Workflows, 'startBake' | 'stop' | 'executionArn'> = {
    executionArn,
    startBake: async (name, { bake }) => {
      started.add(bake);
      return executionArn('bake', name);
    },
    stop: async () => {},
  };
  return {
    table,
    clock: fakeClock(),
    ids: countingIds(),
    digest: sha256,
    calendar: cronerCalendar,
    limits: UNLIMITED,
    home: HOME,
    resolver,
    reconcileQueue: reconcileQueue,
    hintQueue,
    workflows,
    plans,
    hints,
    started,
    outside,
  };
}

export async function createWorld(estate: Estate): Promise<EstateWorld> {
  const bare = memoryTable();
  const calls: Calls = { reads: 0, writes: 0, trips: 0, listPages: 0 };
  const resolved = new Map<string, number>();
  const outside = new FakeSources();
  const ports = createPorts(countCalls(bare, calls), outside, resolved);
  await writeEstate(
    { ...ports, table: bare, readVersion: (selector) => outside.readVersion(selector) },
    estate,
  );
  return { table: bare, calls, resolved, hints: ports.hints, ports };
}

export const componentTopic = (name: string): string =>
  `arn:aws:imagebuilder:${HOME.region}:${HOME.account}:component/${name}`;

/**
 * Milliseconds that this process has worked. Everything is in memory and on one thread, so on a machine of its own this is the time that passes;
 * what else a machine has to do is not measured with it.
 */
export function readCpuMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** What one change led to. */
export interface Wave {
  readonly bakes: number;
  /** Without the playing of releases. */
  readonly milliseconds: number;
  readonly calls: Calls;
}

/** A component moves; from the hint to the last release of its wave. */
export async function runWave(world: EstateWorld, component: string): Promise<Wave> {
  const { ports, calls } = world;
  ports.outside.changeVersion(component);
  const before = { ...calls };
  let bakes = 0;
  let milliseconds = 0;
  let from = readCpuMilliseconds();
  await detectTopic(ports, componentTopic(component));
  await reconcileAll(world);
  while (ports.started.size > 0) {
    const level = [...ports.started];
    bakes += level.length;
    for (const bake of level) {
      milliseconds += readCpuMilliseconds() - from;
      const { release, record } = await writeRelease(world, bake);
      ports.started.delete(bake);
      from = readCpuMilliseconds();
      const { change, writes } = await prepareReleaseChange(ports, release, record, release.at);
      await ports.table.write(writes);
      await enqueueAfterRelease(ports, record, change);
      await reconcileAll(world);
    }
  }
  milliseconds += readCpuMilliseconds() - from;
  return { bakes, milliseconds, calls: subtractCalls(before, calls) };
}

export function subtractCalls(before: Calls, now: Calls): Calls {
  return {
    reads: now.reads - before.reads,
    writes: now.writes - before.writes,
    trips: now.trips - before.trips,
    listPages: now.listPages - before.listPages,
  };
}

/** Every message of the reconcile queue, as they come. */
export async function reconcileAll({ ports }: EstateWorld): Promise<void> {
  const { plans } = ports;
  for (let next = 0; next < plans.length; next += 1) {
    const name = plans[next];
    if (name !== undefined) await reconcilePipeline(ports, name);
  }
  plans.length = 0;
}

/**
 * Makes a bake the release of its channel with the writes of release-image.ts that the reconcile reads, but for the change that it is for its
 * dependents. It goes past the count: the machine and the distribution before it are not what is measured.
 */
export async function writeRelease(
  { table, ports }: EstateWorld,
  bake: string,
): Promise<{ readonly release: ReleaseRecord; readonly record: BakeRecord }> {
  const at = ports.clock.now().toISOString();
  const record = BakeRecordSchema.parse(await table.get(keys.bake(bake)));
  const { pipeline, channel, bits, proof } = record;
  const row = await table.get(keys.channel(pipeline, channel));
  const current = ChannelRecordSchema.parse(row);
  const { images } = current;
  const release: ReleaseRecord = {
    id: ports.ids.next(),
    ...{ pipeline, channel, bake, bits, proof, images, at },
    targets: [],
    bakes: [],
  };
  const event: OutboxRecord = {
    id: ports.ids.next(),
    detailType: 'Image Released',
    detail: { pipeline, channel, release: release.id },
    at,
    published: true,
  };
  await table.write([
    { update: keys.fingerprint(pipeline, bits, proof), set: { state: 'released', targets: current.targets } },
    {
      update: keys.status(pipeline),
      set: { consecutiveFailures: 0, supersededInRow: 0 },
      remove: ['activeBake'],
      add: { version: 1 },
      when: { equals: { activeBake: bake } },
    },
    {
      update: keys.attempt(bake, 1),
      set: { state: 'released', endedAt: at, capacity: [] },
      remove: ['duePk', 'dueSk'],
    },
    { update: keys.bake(bake), set: { state: 'released', endedAt: at } },
    {
      put: {
        ...current,
        ...keys.channel(pipeline, channel),
        release: release.id,
        bake,
        bits,
        proof,
        sequence: current.sequence + 1,
        fingerprintInputs: record.fingerprintInputs,
        at,
      },
    },
    {
      put: {
        ...keys.release(pipeline, channel, release.id),
        ...release,
        listPk: lists.releases,
        listSk: `${at}#${release.id}`,
      },
    },
    { put: { ...keys.outbox(event.id), ...event, duePk: due.outbox, dueSk: at } },
    ...releaseSlots(['account']),
  ]);
  return { release, record };
}

/** The parameter that the first golden image is built on. */
export const FIRST_PARAMETER = toParameterName('linux');
