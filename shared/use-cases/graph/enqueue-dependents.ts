/** Asks for pipelines to be reconciled after a bake has ended: the pipeline itself, and its dependents that wait to be reconciled. */

import { keys } from '../../domain/base/naming.ts';
import { isWaitingForAncestors } from '../../domain/reconcile/holds.ts';
import { type PipelineStatus, PipelineStatusSchema } from '../../domain/records/status.ts';
import type { Ports } from '../../ports/ports.ts';
import { readFound, readInParts } from '../store/read.ts';
import { readDirectDependents } from './dependents.ts';

export type EnqueueDeps = Pick<Ports, 'table' | 'reconcileQueue'>;

export async function enqueueWithDependents(deps: EnqueueDeps, pipeline: string): Promise<void> {
  await enqueuePipelines(deps, [pipeline, ...(await findWaitingDependents(deps, [pipeline]))]);
}

/** The same without the pipeline itself, for a caller that has just reconciled it. */
export async function enqueueDependents(deps: EnqueueDeps, pipeline: string): Promise<void> {
  await enqueuePipelines(deps, await findWaitingDependents(deps, [pipeline]));
}

/**
 * Waiting dependents of a direct dependent that is held by more than its ancestors: reconciling that one again may tell them nothing. Direct ones
 * are left out: the fan-out of a release enqueues them, and an image that thousands are built on reads no further.
 */
export async function findWaitingIndirectDependents(
  deps: Pick<EnqueueDeps, 'table'>,
  pipeline: string,
): Promise<string[]> {
  const dependents = await readStatuses(deps, await readDirectDependents(deps.table, [pipeline]));
  const held = dependents.filter(
    (row) => row.dirty && row.decision?.kind === 'hold' && !isHeldByAncestorsOnly(row),
  );
  const direct = new Set(dependents.map((row) => row.pipeline));
  const below = await findWaitingDependents(
    deps,
    held.map((row) => row.pipeline),
  );
  return below.filter((name) => !direct.has(name));
}

export async function enqueuePipelines(
  { reconcileQueue }: Pick<EnqueueDeps, 'reconcileQueue'>,
  names: readonly string[],
): Promise<void> {
  if (names.length > 0) await reconcileQueue.send(names.map((pipeline) => ({ pipeline, delaySeconds: 0 })));
}

const LONGEST_CHAIN = 50;
const MAX_DEPENDENTS_READ = 1000;

/** Length of the longest chain of images that are built on the pipeline, one on top of the other. One that is too long to count goes first. */
export async function readLongestChain(deps: Pick<EnqueueDeps, 'table'>, pipeline: string): Promise<number> {
  let level = [pipeline];
  let looked = 0;
  for (let depth = 0; depth < LONGEST_CHAIN; depth += 1) {
    const dependents = await readDirectDependents(deps.table, level);
    looked += dependents.length;
    if (dependents.length === 0) return depth;
    if (looked > MAX_DEPENDENTS_READ) return LONGEST_CHAIN;
    level = dependents;
  }
  return LONGEST_CHAIN;
}

/**
 * All dependents that wait to be reconciled, level by level. Those below a pipeline that will enqueue its own dependents are left out. A cycle is
 * refused when a definition is applied; it would end here too.
 */
async function findWaitingDependents(
  deps: Pick<EnqueueDeps, 'table'>,
  pipelines: readonly string[],
): Promise<string[]> {
  const known = new Set(pipelines);
  const waiting: string[] = [];
  let level = pipelines;
  while (level.length > 0) {
    const dependents = (await readDirectDependents(deps.table, level)).filter((name) => !known.has(name));
    for (const name of dependents) known.add(name);
    const rows = await readStatuses(deps, dependents);
    waiting.push(...rows.filter(({ dirty }) => dirty).map(({ pipeline }) => pipeline));
    const heldByAncestors = new Set(rows.filter(isHeldByAncestorsOnly).map(({ pipeline }) => pipeline));
    level = dependents.filter((name) => !heldByAncestors.has(name));
  }
  return waiting;
}

/**
 * True when ancestors in progress are the only reasons that hold this pipeline. Its dependents are then not enqueued: reconciling this pipeline
 * later enqueues them. Without this a release in a deep graph enqueues the same pipelines once per level.
 */
export function isHeldByAncestorsOnly({ dirty, decision }: PipelineStatus): boolean {
  return dirty && decision?.kind === 'hold' && isWaitingForAncestors(decision.reasons);
}

async function readStatuses(
  deps: Pick<EnqueueDeps, 'table'>,
  names: readonly string[],
): Promise<PipelineStatus[]> {
  return readInParts(names, (part) => readFound(deps.table, part.map(keys.status), PipelineStatusSchema));
}
