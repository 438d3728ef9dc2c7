/**
 * Places for concurrent bakes. A bake takes its places in the transaction that starts it and gives them back with the one that ends it, or
 * with the one that asks a person: nobody's decision holds up the builds of others. Whoever finds no place stands in a line.
 */
import { due, keys, lists, slotQueuePosition } from '../../domain/base/naming.ts';
import type { Capacity } from '../../domain/reconcile/observed.ts';
import type { PipelineSpec } from '../../domain/records/pipelines.ts';
import { CapacityRecordSchema } from '../../domain/records/status.ts';
import type { Limits } from '../../ports/limits.ts';
import type { ReconcileQueue } from '../../ports/reconcile-queue.ts';
import type { Table, Write } from '../../ports/table.ts';
import { readLongestChain } from '../graph/enqueue-dependents.ts';
import { readAll } from '../store/read.ts';
import type { ReadBatch } from '../store/read-batch.ts';

export interface CapacityReading {
  readonly key: string;
  readonly limit: number;
  readonly used: number;
}

/** The places that a bake of the pipeline needs: one of the account, and one of its team. */
export function slotKeys({ team }: Pick<PipelineSpec, 'team'>): string[] {
  return ['account', `team:${team}`];
}

function findLimit(limits: Limits, key: string): number {
  return key === 'account' ? limits.bakes : limits.bakesOfTeam;
}

export function requestCapacity(
  batch: ReadBatch,
  limits: Limits,
  spec: Pick<PipelineSpec, 'team'>,
): () => CapacityReading[] {
  const rows = slotKeys(spec).map((key) => ({
    key,
    limit: findLimit(limits, key),
    row: batch.add(keys.capacity(key), CapacityRecordSchema),
  }));
  return () => rows.map(({ key, limit, row }) => ({ key, limit, used: row()?.used ?? 0 }));
}

export interface SlotQueue extends CapacityReading {
  /** Who stands first in it, where that is somebody else. */
  readonly head?: { readonly pipeline: string; readonly position: string };
}

/** With the head of the line for each place that is free; where none is free, nobody comes to the order of the line. */
export async function readSlotQueues(
  table: Pick<Table, 'query'>,
  readings: readonly CapacityReading[],
  pipeline: string,
): Promise<SlotQueue[]> {
  return await Promise.all(
    readings.map(async (reading) => {
      if (reading.used >= reading.limit) return reading;
      const page = await table.query({ index: 'due', pk: due.slotQueue(reading.key), limit: 1 });
      const head = page.items[0];
      return typeof head?.pipeline === 'string' && head.pipeline !== pipeline
        ? { ...reading, head: { pipeline: head.pipeline, position: String(head.dueSk) } }
        : reading;
    }),
  );
}

/**
 * Whom a pipeline lets go first. All lines have one order, so two that need the same places never wait for each other, in whatever lines they
 * stand: the first of all starts, or waits for a place that is taken.
 */
export async function computeCapacity(
  table: Table,
  lines: readonly SlotQueue[],
  { pipeline, since }: { readonly pipeline: string; readonly since: string },
): Promise<Capacity[]> {
  if (lines.every(({ head }) => head === undefined)) return [...lines];
  const own = await computeQueuePosition(table, pipeline, since);
  return lines.map(({ head, ...reading }) =>
    head === undefined || head.position > own ? reading : { ...reading, aheadInQueue: head.pipeline },
  );
}

/** Where a pipeline would stand in a line, by all that are built on it now. */
export async function computeQueuePosition(table: Table, pipeline: string, since: string): Promise<string> {
  return slotQueuePosition(await readLongestChain({ table }, pipeline), since, pipeline);
}

/** Loses when somebody has taken the last place meanwhile. */
export function acquireSlots(limits: Limits, wanted: readonly string[]): Write[] {
  return wanted.map((key) => ({
    ...acquireSlotOverLimit(key),
    when: { below: { used: findLimit(limits, key) } },
  }));
}

/** For who does not stand in line: the place counts, whether it is there or not. */
export function acquireSlotOverLimit(key: string): Extract<Write, { update: unknown }> {
  return {
    update: keys.capacity(key),
    set: { key, listPk: lists.capacities, listSk: key },
    add: { used: 1 },
  };
}

/** Gives back what an attempt holds; the write that belongs to it takes `capacity` off the attempt, under its condition. */
export function releaseSlots(held: readonly string[]): Write[] {
  return held.map((key) => ({ update: keys.capacity(key), add: { used: -1 }, when: { exists: true } }));
}

interface EnqueueNextDeps {
  readonly table: Pick<Table, 'query'>;
  readonly limits: Limits;
  readonly reconcileQueue: ReconcileQueue;
}

/** Asks for those at the head of each line to be planned, as many as there are places. Answers how many. */
export async function enqueueNext(deps: EnqueueNextDeps): Promise<number> {
  const rows = await readAll(deps.table, { index: 'list', pk: lists.capacities }, CapacityRecordSchema);
  const heads = await Promise.all(
    rows.map(async ({ key, used }) => {
      const free = findLimit(deps.limits, key) - used;
      return free <= 0 ? [] : readQueueHeads(deps, key, Math.min(free, 100));
    }),
  );
  return enqueueQueueHeads(deps, heads.flat());
}

/** The same for places that have just been given back. */
export async function enqueueNextForSlots(
  deps: Omit<EnqueueNextDeps, 'limits'>,
  given: readonly string[],
): Promise<void> {
  const heads = await Promise.all(given.map((key) => readQueueHeads(deps, key, 1)));
  await enqueueQueueHeads(deps, heads.flat());
}

async function readQueueHeads(
  { table }: Pick<EnqueueNextDeps, 'table'>,
  key: string,
  limit: number,
): Promise<string[]> {
  const page = await table.query({ index: 'due', pk: due.slotQueue(key), limit });
  return page.items.map((item) => String(item.pipeline));
}

async function enqueueQueueHeads(
  { reconcileQueue }: Pick<EnqueueNextDeps, 'reconcileQueue'>,
  heads: readonly string[],
): Promise<number> {
  const names = [...new Set(heads)];
  if (names.length > 0) await reconcileQueue.send(names.map((pipeline) => ({ pipeline, delaySeconds: 0 })));
  return names.length;
}
