/** A pipeline and all that it is built on, one read for each level. */

import { PipelineNotFound } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import {
  computeDesired,
  type DesiredState,
  type ObservedPipeline,
  type PipelineRows,
} from '../../domain/reconcile/desired.ts';
import { listDependencies, PipelineRecordSchema } from '../../domain/records/pipelines.ts';
import { ChannelRecordSchema } from '../../domain/records/releases.ts';
import { SelectorRecordSchema } from '../../domain/records/selectors.ts';
import { PipelineStatusSchema } from '../../domain/records/status.ts';
import { findParent, selectorKey } from '../../domain/selectors/selectors.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Table } from '../../ports/table.ts';
import { ReadBatch } from '../store/read-batch.ts';
import { computeTicks } from './schedule-times.ts';

export type AncestorDeps = Pick<Ports, 'table' | 'clock' | 'calendar'>;

/** A pipeline, with what it would be made of now. */
export async function readDesired(
  deps: AncestorDeps & Pick<Ports, 'digest'>,
  name: string,
): Promise<{ readonly observed: ObservedPipeline; readonly desiredState: DesiredState }> {
  const observed = await readObserved(deps, name);
  return { observed, desiredState: computeDesired(deps.digest, observed) };
}

export async function readObserved(
  deps: Omit<AncestorDeps, 'table'> & { readonly table: Pick<Table, 'getMany'> },
  name: string,
): Promise<ObservedPipeline> {
  const batch = new ReadBatch();
  const body = requestObserved(deps, batch, await readPipelineRows(deps.table, name));
  await batch.send(deps.table);
  return body();
}

export async function readPipelineRows(table: Pick<Table, 'getMany'>, name: string): Promise<PipelineRows> {
  const batch = new ReadBatch();
  const head = requestPipelineRows(batch, name);
  await batch.send(table);
  const found = head();
  if (found === undefined) throw new PipelineNotFound(name);
  return found;
}

function requestPipelineRows(batch: ReadBatch, name: string): () => PipelineRows | undefined {
  const pipeline = batch.add(keys.pipeline(name), PipelineRecordSchema);
  const status = batch.add(keys.status(name), PipelineStatusSchema);
  return () => {
    const rows = { pipeline: pipeline(), status: status() };
    if (rows.pipeline === undefined || rows.status === undefined) return undefined;
    return { pipeline: rows.pipeline, status: rows.status };
  };
}

/** The pipeline and its ancestors, nearest first, each once. `first` takes further rows along with the first level. */
export async function readWithAncestors(
  deps: AncestorDeps,
  own: PipelineRows,
  first: ReadBatch,
): Promise<ObservedPipeline[]> {
  const chain: ObservedPipeline[] = [];
  const known = new Set([own.pipeline.name]);
  let level: PipelineRows[] = [own];
  let batch = first;
  while (level.length > 0) {
    const bodies = level.map((head) => requestObserved(deps, batch, head));
    const parents = [...new Set(level.flatMap((head) => head.pipeline.parents))].filter(
      (parent) => !known.has(parent),
    );
    const heads = parents.map((parent) => requestPipelineRows(batch, parent));
    await batch.send(deps.table);
    chain.push(...bodies.map((body) => body()));
    for (const parent of parents) known.add(parent);
    level = heads.flatMap((head) => head() ?? []);
    batch = new ReadBatch();
  }
  return chain;
}

/** What is to be known of one pipeline beside its own rows. */
export function requestObserved(
  deps: Pick<AncestorDeps, 'clock' | 'calendar'>,
  batch: ReadBatch,
  head: PipelineRows,
): () => ObservedPipeline {
  const { name, spec } = head.pipeline;
  const dependencies = listDependencies(spec);
  const selectors = dependencies.map((selector) =>
    batch.add(keys.selector(selectorKey(selector)), SelectorRecordSchema),
  );
  const channel = batch.add(keys.channel(name, spec.channel), ChannelRecordSchema);
  const named = dependencies.flatMap((selector) => {
    const parent = findParent(selector);
    if (parent === undefined) return [];
    const row = batch.add(keys.channel(parent.pipeline, parent.channel), ChannelRecordSchema);
    return [{ key: selectorKey(selector), row }];
  });
  const ticks = computeTicks(deps.calendar, head, deps.clock.now());
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
