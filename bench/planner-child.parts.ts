/** A process with one estate in it, that does what the benchmark asks: `node planner-child.parts.ts SEED SIZE`. */
import * as z from 'zod';
import { keys, lists } from '../shared/domain/base/naming.ts';
import { listDependencies, PipelineRecordSchema } from '../shared/domain/records/pipelines.ts';
import { SelectorRecordSchema } from '../shared/domain/records/selectors.ts';
import { selectorKey } from '../shared/domain/selectors/selectors.ts';
import { detectTopic } from '../shared/use-cases/detect/detect-topic.ts';
import { resyncSelectors } from '../shared/use-cases/detect/resync-selectors.ts';
import { reconcilePipeline } from '../shared/use-cases/reconcile/reconcile-pipeline.ts';
import { readPages } from '../shared/use-cases/store/read.ts';
import { createEstate } from './estate.parts.ts';
import {
  componentTopic,
  createWorld,
  type EstateWorld,
  HOME,
  readCpuMilliseconds,
  runWave,
  subtractCalls,
  type Wave,
  writeRelease,
} from './planner-world.parts.ts';

const ChildRequestSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('wave'), component: z.string() }),
  z.object({ do: z.literal('plain'), component: z.string() }),
  z.object({ do: z.literal('reconcile') }),
]);
export type ChildRequest = z.infer<typeof ChildRequestSchema>;

export interface ResyncMeasurement {
  readonly pipelines: number;
  /** Distinct selectors that were resolved, and the most that any of them was. */
  readonly selectors: number;
  readonly mostResolutions: number;
  readonly peakMegabytes: number;
  readonly plainMegabytes: number;
  /** Extrapolated to calls that take as long as in AWS, one after the other. */
  readonly shardSeconds: number;
  readonly allSeconds: number;
}

/** As sqs-hint-queue.ts sends them. */
const TOPICS_IN_MESSAGE = 20;
/** Longer than the table and the services that selectors are resolved at usually take. */
const TABLE_SECONDS = 0.02;
const RESOLVE_SECONDS = 0.5;
const COLLECT = globalThis.gc ?? (() => {});

/**
 * The same wave reconciled with no index, no dirty flags and no record of which pipeline waits for which: it checks every pipeline, decides and starts, and
 * when what it started is released it looks at every pipeline again, until nothing starts any more. Each is read and decided by the use case
 * that plans; it is told that the selector has moved, and it waits for all releases of a level, so that it comes round once for each level.
 */
async function runWaveWithoutIndex(world: EstateWorld, component: string): Promise<Wave> {
  const { ports, table } = world;
  ports.outside.changeVersion(component);
  const key = selectorKey({ kind: 'component', arn: `${componentTopic(component)}/1.x.x` });
  const row = SelectorRecordSchema.parse(await table.get(keys.selector(key)));
  const { version } = ports.outside.readVersion(row.selector);
  await table.write([{ update: keys.selector(key), set: { version } }]);
  const before = { ...world.calls };
  const query = { index: 'list', pk: lists.pipelines } as const;
  let [bakes, milliseconds] = [0, 0];
  do {
    for (const bake of ports.started) {
      await writeRelease(world, bake);
      ports.started.delete(bake);
    }
    const from = readCpuMilliseconds();
    for await (const page of readPages(ports.table, query, PipelineRecordSchema))
      for (const { name } of page) await reconcilePipeline(ports, name);
    milliseconds += readCpuMilliseconds() - from;
    // The requests that reconciling made are not carried out here.
    ports.plans.length = 0;
    bakes += ports.started.size;
  } while (ports.started.size > 0);
  return { bakes, milliseconds, calls: subtractCalls(before, world.calls) };
}

/** How much more the process holds at most than at the beginning, garbage included: of its heap, or of all its memory where that is more. */
function watchMemory(): { look(): void; peak(): number } {
  COLLECT();
  const held = () => ({ heap: process.memoryUsage().heapUsed, all: process.memoryUsage.rss() });
  const before = held();
  let most = 0;
  return {
    look: () => {
      const { heap, all } = held();
      most = Math.max(most, heap - before.heap, all - before.all);
    },
    peak: () => most / 2 ** 20,
  };
}

async function measureResync(world: EstateWorld): Promise<ResyncMeasurement> {
  const { ports, calls, resolved } = world;
  const memory = watchMemory();
  const seconds = (from: number, trips: number, resolutions: number) =>
    (performance.now() - from) / 1000 + trips * TABLE_SECONDS + resolutions * RESOLVE_SECONDS;

  const began = performance.now();
  const topics: string[] = [];
  const hintQueue = { send: async (batch: readonly string[]) => void topics.push(...batch) };
  await resyncSelectors({ ...ports, hintQueue, findingHints: { sendPage: async () => {} } });
  memory.look();
  const listing = seconds(began, calls.trips, 0);
  const shards: number[] = [];
  for (let start = 0; start < topics.length; start += TOPICS_IN_MESSAGE) {
    const from = performance.now();
    const { trips } = calls;
    const known = resolved.size;
    for (const topic of topics.slice(start, start + TOPICS_IN_MESSAGE)) await detectTopic(ports, topic);
    memory.look();
    shards.push(seconds(from, calls.trips - trips, resolved.size - known));
  }
  const peakMegabytes = memory.peak();
  const counts = [...resolved.values()];
  return {
    pipelines: await countPipelines(world),
    selectors: counts.length,
    mostResolutions: Math.max(...counts),
    peakMegabytes,
    plainMegabytes: await measureResyncWithoutIndex(world),
    shardSeconds: Math.max(listing, ...shards),
    allSeconds: shards.reduce((sum, shard) => sum + shard, listing),
  };
}

async function countPipelines({ table }: EstateWorld): Promise<number> {
  let count = 0;
  let after: string | undefined;
  do {
    const page = await table.query({
      index: 'list',
      pk: lists.pipelines,
      ...(after === undefined ? {} : { after }),
    });
    count += page.items.length;
    after = page.cursor;
  } while (after !== undefined);
  return count;
}

/** Without an index of selectors: read every pipeline, and then resolve what they name. Answers the memory that it takes at its peak. */
async function measureResyncWithoutIndex({ ports }: EstateWorld): Promise<number> {
  const memory = watchMemory();
  const pipelines: unknown[] = [];
  const distinct = new Map<string, unknown>();
  for await (const page of readPages(
    ports.table,
    { index: 'list', pk: lists.pipelines },
    PipelineRecordSchema,
  )) {
    pipelines.push(...page);
    for (const { spec } of page)
      for (const selector of listDependencies(spec)) distinct.set(selectorKey(selector), selector);
    memory.look();
  }
  memory.look();
  return memory.peak();
}

async function handleRequest(world: EstateWorld, ask: ChildRequest): Promise<Wave | ResyncMeasurement> {
  switch (ask.do) {
    case 'wave':
      return runWave(world, ask.component);
    case 'plain':
      return runWaveWithoutIndex(world, ask.component);
    case 'reconcile':
      return measureResync(world);
  }
}

const [seed, size] = process.argv.slice(2).map(Number);
if (seed === undefined || size === undefined || process.send === undefined)
  throw new Error('This is started by planner.ts.');
const world = await createWorld(createEstate(seed, size));
process.on('message', (message) => {
  void handleRequest(world, ChildRequestSchema.parse(message)).then((reply) => process.send?.(reply));
});
process.send({ ready: HOME.region });
