/**
 * Slots for concurrent bakes. A bake acquires its slots in the transaction that starts it and releases them in the one that ends it, or that asks a
 * person: an open approval holds up no build. A pipeline that finds no free slot stands in a queue.
 */

import { due, keys, lists, slotQueuePosition } from '../../domain/base/naming.ts';
import type { Capacity } from '../../domain/reconcile/observed.ts';
import type { PipelineSpec } from '../../domain/records/pipelines.ts';
import { CapacityRecordSchema } from '../../domain/records/status.ts';
import type { Limits } from '../../ports/limits.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Table, Write } from '../../ports/table.ts';
import { enqueuePipelines, readLongestChain } from '../graph/enqueue-dependents.ts';
import { readAll } from '../store/read.ts';
import type { ReadBatch } from '../store/read-batch.ts';

export interface CapacityReading {
  readonly key: string;
  readonly limit: number;
  readonly used: number;
}

/** The slots that a bake of the pipeline needs: one of the account, and one of its team. */
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
  /** The first pipeline in it, where that is another one. */
  readonly head?: { readonly pipeline: string; readonly position: string };
}

/** The readings, each with the head of the queue where a slot is free; else the order of the queue does not matter. */
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
 * The readings, each with the pipeline that goes first. All queues have one order, so two pipelines that need the same slots never wait for each
 * other: the first of all starts, or waits for a slot that is used.
 */
export async function computeCapacity(
  table: Table,
  queues: readonly SlotQueue[],
  { pipeline, since }: { readonly pipeline: string; readonly since: string },
): Promise<Capacity[]> {
  if (queues.every(({ head }) => head === undefined)) return [...queues];
  const own = await computeQueuePosition(table, pipeline, since);
  return queues.map(({ head, ...reading }) =>
    head === undefined || head.position > own ? reading : { ...reading, aheadInQueue: head.pipeline },
  );
}

/** Where a pipeline would stand in a queue, by its dependents now. */
export async function computeQueuePosition(table: Table, pipeline: string, since: string): Promise<string> {
  return slotQueuePosition(await readLongestChain({ table }, pipeline), since, pipeline);
}

/** Fails with WriteConflict when another bake took the last slot meanwhile. */
export function acquireSlots(limits: Limits, wanted: readonly string[]): Write[] {
  return wanted.map((key) => ({
    ...acquireSlotOverLimit(key),
    when: { below: { used: findLimit(limits, key) } },
  }));
}

/** For a request that waits in no queue: the slot counts, whether it is free or not. */
export function acquireSlotOverLimit(key: string): Extract<Write, { update: unknown }> {
  return {
    update: keys.capacity(key),
    set: { key, listPk: lists.capacities, listSk: key },
    add: { used: 1 },
  };
}

/** Releases the slots of an attempt; the write that takes `capacity` off the attempt holds the condition. */
export function releaseSlots(held: readonly string[]): Write[] {
  return held.map((key) => ({ update: keys.capacity(key), add: { used: -1 }, when: { exists: true } }));
}

interface EnqueueNextDeps extends Pick<Ports, 'limits' | 'reconcileQueue'> {
  readonly table: Pick<Table, 'query'>;
}

/** Enqueues the pipelines at the head of each queue, as many as slots are free. The number of them. */
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

/** The same for slots that were just released. */
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
  deps: Pick<EnqueueNextDeps, 'reconcileQueue'>,
  heads: readonly string[],
): Promise<number> {
  const names = [...new Set(heads)];
  await enqueuePipelines(deps, names);
  return names.length;
}
