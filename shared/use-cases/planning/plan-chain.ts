/** A pipeline and all that it is built on, one read for each level. */
import { PipelineNotFound } from '../../domain/errors.ts';
import { keys } from '../../domain/naming.ts';
import { type Head, type Seen, type Wish, wishOf } from '../../domain/planning/wish.ts';
import { dependenciesOf, PipelineRecordSchema } from '../../domain/records/pipelines.ts';
import { PlanningRecordSchema } from '../../domain/records/planning.ts';
import { ChannelRecordSchema } from '../../domain/records/releases.ts';
import { SelectorRecordSchema } from '../../domain/records/selectors.ts';
import { selectorKey } from '../../domain/versions/selectors.ts';
import type { Calendar, Clock, Digest, Table } from '../../ports.ts';
import { ReadBatch } from '../store/read-batch.ts';
import { ticksOf } from './plan-times.ts';

export interface ChainDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly calendar: Calendar;
}

/** A pipeline, with what it would be made of now. */
export async function readWish(
  deps: ChainDeps & { readonly digest: Digest },
  name: string,
): Promise<{ readonly seen: Seen; readonly wish: Wish }> {
  const head = await readHead(deps.table, name);
  const batch = new ReadBatch();
  const body = seenRows(deps, batch, head);
  await batch.send(deps.table);
  const seen = body();
  return { seen, wish: wishOf(deps.digest, seen) };
}

export async function readHead(table: Pick<Table, 'getMany'>, name: string): Promise<Head> {
  const batch = new ReadBatch();
  const head = headRows(batch, name);
  await batch.send(table);
  const found = head();
  if (found === undefined) throw new PipelineNotFound(name);
  return found;
}

function headRows(batch: ReadBatch, name: string): () => Head | undefined {
  const pipeline = batch.want(keys.pipeline(name), PipelineRecordSchema);
  const planning = batch.want(keys.planning(name), PlanningRecordSchema);
  return () => {
    const rows = { pipeline: pipeline(), planning: planning() };
    if (rows.pipeline === undefined || rows.planning === undefined) return undefined;
    return { pipeline: rows.pipeline, planning: rows.planning };
  };
}

/** The pipeline and its ancestors, nearest first, each once. `first` takes further rows along with the first level. */
export async function readChain(deps: ChainDeps, own: Head, first: ReadBatch): Promise<Seen[]> {
  const chain: Seen[] = [];
  const known = new Set([own.pipeline.name]);
  let level: Head[] = [own];
  let batch = first;
  while (level.length > 0) {
    const bodies = level.map((head) => seenRows(deps, batch, head));
    const parents = [...new Set(level.flatMap((head) => head.pipeline.parents))].filter(
      (parent) => !known.has(parent),
    );
    const heads = parents.map((parent) => headRows(batch, parent));
    await batch.send(deps.table);
    chain.push(...bodies.map((body) => body()));
    for (const parent of parents) known.add(parent);
    level = heads.flatMap((head) => head() ?? []);
    batch = new ReadBatch();
  }
  return chain;
}

/** What is to be known of one pipeline beside its own rows. */
export function seenRows(
  deps: Pick<ChainDeps, 'clock' | 'calendar'>,
  batch: ReadBatch,
  head: Head,
): () => Seen {
  const { name, plan } = head.pipeline;
  const dependencies = dependenciesOf(plan);
  const selectors = dependencies.map((selector) =>
    batch.want(keys.selector(selectorKey(selector)), SelectorRecordSchema),
  );
  const channel = batch.want(keys.channel(name, plan.channel), ChannelRecordSchema);
  const named = dependencies.flatMap((selector) =>
    selector.kind === 'pipeline'
      ? [
          {
            key: selectorKey(selector),
            row: batch.want(keys.channel(selector.pipeline, selector.channel), ChannelRecordSchema),
          },
        ]
      : [],
  );
  const ticks = ticksOf(deps.calendar, head, deps.clock.now());
  return () => ({
    ...head,
    selectors: selectors.map((row) => row()),
    channel: channel(),
    channels: new Map(
      named.flatMap(({ key, row }) => {
        const found = row();
        return found === undefined ? [] : [[key, found] as const];
      }),
    ),
    ...(ticks === undefined ? {} : { ticks }),
  });
}
