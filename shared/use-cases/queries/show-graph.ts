/** Who is built on what: pipelines page by page, or all above or below one of them. What is stale is told from what selectors mean now. */

import type { Graph, GraphQuery } from '../../domain/api/explanation.ts';
import { PipelineNotFound } from '../../domain/base/errors.ts';
import { keys, lists } from '../../domain/base/naming.ts';
import {
  computeDesired,
  type DesiredState,
  findMissingTargets,
  isRefused,
  isSameFingerprint,
  type ObservedPipeline,
} from '../../domain/reconcile/desired.ts';
import {
  listDependencies,
  type PipelineRecord,
  PipelineRecordSchema,
} from '../../domain/records/pipelines.ts';
import { FingerprintRecordSchema, PipelineStatusSchema } from '../../domain/records/status.ts';
import { findParent, type Selector, selectorKey } from '../../domain/selectors/selectors.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Table } from '../../ports/table.ts';
import { readDirectDependents } from '../graph/dependents.ts';
import { requestObserved } from '../reconcile/read-ancestors.ts';
import { readFound, readMany, readPage } from '../store/read.ts';
import { ReadBatch } from '../store/read-batch.ts';

export interface GraphDeps extends Pick<Ports, 'clock' | 'calendar' | 'digest'> {
  readonly table: Pick<Table, 'getMany' | 'query'>;
}

/** Above or below one pipeline; more than people can look at. */
const MAX_PIPELINES = 1000;

export async function showGraph(deps: GraphDeps, query: GraphQuery): Promise<Graph> {
  const { upstream, downstream, limit, cursor } = query;
  if (upstream === undefined && downstream === undefined) return await readGraphPage(deps, limit, cursor);
  const found = new Map<string, PipelineRecord>();
  let truncated = false;
  if (upstream !== undefined) truncated = await collectNeighbours(deps, upstream, found, listParents);
  if (downstream !== undefined)
    truncated = (await collectNeighbours(deps, downstream, found, readDependents)) || truncated;
  const graph = await readGraph(deps, [...found.values()]);
  const known = new Set(graph.nodes.map(({ id }) => id));
  return { ...graph, edges: graph.edges.filter(({ from }) => known.has(from)), truncated };
}

/** Edges from pipelines of other pages are told here too. */
async function readGraphPage(deps: GraphDeps, limit: number, cursor: string | undefined): Promise<Graph> {
  const query = { index: 'list', pk: lists.pipelines, limit, after: cursor } as const;
  const page = await readPage(deps.table, query, PipelineRecordSchema);
  const graph = await readGraph(deps, page.items);
  return { ...graph, truncated: false, ...(page.cursor === undefined ? {} : { cursor: page.cursor }) };
}

type ReadNeighbours = (deps: GraphDeps, level: readonly PipelineRecord[]) => Promise<string[]>;

/** Answers whether it stopped because there were too many. */
async function collectNeighbours(
  deps: GraphDeps,
  start: string,
  found: Map<string, PipelineRecord>,
  step: ReadNeighbours,
): Promise<boolean> {
  const seen = new Set([start]);
  let level = await readPipelines(deps, [start]);
  if (level.length === 0) throw new PipelineNotFound(start);
  while (level.length > 0) {
    for (const row of level) found.set(row.name, row);
    if (found.size >= MAX_PIPELINES) return true;
    const next = (await step(deps, level)).filter((name) => !seen.has(name));
    for (const name of next) seen.add(name);
    level = await readPipelines(deps, [...new Set(next)].slice(0, MAX_PIPELINES - found.size));
  }
  return false;
}

function readPipelines({ table }: GraphDeps, names: readonly string[]): Promise<PipelineRecord[]> {
  return readFound(table, names.map(keys.pipeline), PipelineRecordSchema);
}

const listParents: ReadNeighbours = async (_, level) => level.flatMap(({ parents }) => parents);

const readDependents: ReadNeighbours = ({ table }, level) =>
  readDirectDependents(
    table,
    level.map(({ name }) => name),
    MAX_PIPELINES,
  );

async function readGraph(
  deps: GraphDeps,
  pipelines: readonly PipelineRecord[],
): Promise<Pick<Graph, 'nodes' | 'edges'>> {
  const observed = await readObserved(deps, pipelines);
  const stale = await findStale(deps, observed);
  const edges = pipelines.flatMap(toEdges);
  const others = new Map<string, Graph['nodes'][number]>();
  for (const { pipeline, selectors } of observed) {
    listDependencies(pipeline.spec).forEach((selector, index) => {
      if (findParent(selector) !== undefined) return;
      const id = selectorKey(selector);
      const version = selectors[index]?.version;
      others.set(id, { id, kind: selector.kind, ...(version === undefined ? {} : { version }) });
    });
  }
  const nodes = observed.map(({ pipeline, status, channel }): Graph['nodes'][number] => ({
    id: pipeline.name,
    kind: 'pipeline',
    ...(channel === undefined ? {} : { version: channel.release }),
    stale: stale.has(pipeline.name),
    baking: status.activeBake !== undefined,
    disabled: !pipeline.enabled,
  }));
  return { nodes: [...nodes, ...others.values()], edges };
}

/** Each once, as what it is first: a component may be part of the image and test it. */
function toEdges({ name, spec }: PipelineRecord): Graph['edges'] {
  const as = (selectors: readonly Selector[], role: Graph['edges'][number]['as']) =>
    selectors.map((selector) => ({
      from: findParent(selector)?.pipeline ?? selectorKey(selector),
      to: name,
      as: role,
    }));
  const all = [
    ...as([spec.base], 'base'),
    ...as(spec.components, 'component'),
    ...as(spec.inputs, 'input'),
    ...as(spec.tests, 'test'),
  ];
  return [...new Map(all.reverse().map((edge) => [edge.from, edge])).values()].reverse();
}

async function readObserved(
  deps: GraphDeps,
  pipelines: readonly PipelineRecord[],
): Promise<ObservedPipeline[]> {
  const named = pipelines.map(({ name }) => keys.status(name));
  const statuses = await readMany(deps.table, named, PipelineStatusSchema);
  const batch = new ReadBatch();
  const rows = pipelines.flatMap((pipeline, index) => {
    const status = statuses[index];
    return status === undefined ? [] : [requestObserved(deps, batch, { pipeline, status })];
  });
  await batch.send(deps.table);
  return rows.map((row) => row());
}

/** Names of pipelines whose release is not the desired one, or not in every target, without a person's decision that it stays so. */
async function findStale(
  deps: GraphDeps,
  observed: readonly ObservedPipeline[],
): Promise<ReadonlySet<string>> {
  const differing = observed.flatMap((entry) => {
    const desiredState: DesiredState = computeDesired(deps.digest, entry);
    const { enabled, spec } = entry.pipeline;
    if (!desiredState.known || !enabled || spec.pinned) return [];
    const isMissing = findMissingTargets({ observed: entry, desiredState }).length > 0;
    if (isSameFingerprint(entry.channel, desiredState.desired) && !isMissing) return [];
    return [{ entry, wanted: desiredState.desired }];
  });
  const named = differing.map(({ entry, wanted: { bits, proof } }) =>
    keys.fingerprint(entry.pipeline.name, bits, proof),
  );
  const rows = await readMany(deps.table, named, FingerprintRecordSchema);
  return new Set(
    differing.flatMap(({ entry }, index) => (isRefused(entry, rows[index]) ? [] : [entry.pipeline.name])),
  );
}
