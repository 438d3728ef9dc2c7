/** When a bake of a pipeline has ended, one way or another: plan the pipeline itself and everything built on it that waits to be planned. */
import * as z from 'zod';
import { keys } from '../../domain/base/naming.ts';
import { PipelineRecordSchema } from '../../domain/records/pipelines.ts';
import { type HoldReason, type PipelineStatus, PipelineStatusSchema } from '../../domain/records/status.ts';
import { selectorKey } from '../../domain/selectors/selectors.ts';
import type { ReconcileQueue } from '../../ports/reconcile-queue.ts';
import type { Table } from '../../ports/table.ts';
import { readAll, readMany } from '../store/read.ts';

export interface EnqueueDeps {
  readonly table: Table;
  readonly reconcileQueue: ReconcileQueue;
}

const UserKeySchema = z.object({ sk: z.string().startsWith('USER#') });

export async function enqueueWithDependents(deps: EnqueueDeps, pipeline: string): Promise<void> {
  await enqueuePipelines(deps, [pipeline, ...(await findWaitingDependents(deps, [pipeline]))]);
}

/** The same without the pipeline itself, for whoever has just planned it. */
export async function enqueueDependents(deps: EnqueueDeps, pipeline: string): Promise<void> {
  await enqueuePipelines(deps, await findWaitingDependents(deps, [pipeline]));
}

/**
 * After a new release. It is a change for every child: one that had nothing to do is marked and planned for that alone, and tells its own
 * descendants what comes of it. So an image that thousands are built on does not look through them all.
 */
export async function enqueueChildren(deps: EnqueueDeps, pipeline: string): Promise<void> {
  const children = await readStatuses(deps, await readChildren(deps, [pipeline]));
  const waiting = children.filter(({ dirty }) => dirty);
  const held = waiting.filter((row) => row.decision?.kind === 'hold' && !isHeldByAncestorsOnly(row));
  const below = await findWaitingDependents(deps, held.map(readPipelineName));
  await enqueuePipelines(deps, [...new Set([pipeline, ...waiting.map(readPipelineName), ...below])]);
}

async function enqueuePipelines({ reconcileQueue }: EnqueueDeps, names: readonly string[]): Promise<void> {
  if (names.length > 0) await reconcileQueue.send(names.map((pipeline) => ({ pipeline, delaySeconds: 0 })));
}

const LONGEST_CHAIN = 50;
const MAX_CHILDREN_READ = 1000;

/** How many images, one on top of the other, are built on the pipeline. Whoever has more than can be counted behind it goes first. */
export async function readLongestChain(deps: Pick<EnqueueDeps, 'table'>, pipeline: string): Promise<number> {
  let level = [pipeline];
  let looked = 0;
  for (let depth = 0; depth < LONGEST_CHAIN; depth += 1) {
    const children = await readChildren(deps, level);
    looked += children.length;
    if (children.length === 0) return depth;
    if (looked > MAX_CHILDREN_READ) return LONGEST_CHAIN;
    level = children;
  }
  return LONGEST_CHAIN;
}

/** Looks at so many rows at once: few enough to hold, many enough to be quick. */
const NAMES_AT_ONCE = 1000;

/**
 * All that wait to be planned, level by level; below one that stands in for those built on it nobody is asked. A cycle cannot be (it is refused
 * when a definition is applied), but ends here too.
 */
async function findWaitingDependents(
  deps: Pick<EnqueueDeps, 'table'>,
  pipelines: readonly string[],
): Promise<string[]> {
  const known = new Set(pipelines);
  const waiting: string[] = [];
  let level = pipelines;
  while (level.length > 0) {
    const children = (await readChildren(deps, level)).filter((name) => !known.has(name));
    for (const name of children) known.add(name);
    const rows = await readStatuses(deps, children);
    waiting.push(...rows.filter(({ dirty }) => dirty).map(readPipelineName));
    const heldByAncestors = new Set(rows.filter(isHeldByAncestorsOnly).map(readPipelineName));
    level = children.filter((name) => !heldByAncestors.has(name));
  }
  return waiting;
}

function readPipelineName({ pipeline }: PipelineStatus): string {
  return pipeline;
}

/**
 * Whether a pipeline that waits for its ancestors is what those built on it wait for: it will be planned when its ancestors rest, and whatever
 * comes of that tells them. Asking them earlier would be in vain, and on a large graph again at every level.
 */
export function isHeldByAncestorsOnly({ dirty, decision }: PipelineStatus): boolean {
  return dirty && decision?.kind === 'hold' && isWaitingForAncestors(decision.reasons);
}

export function isWaitingForAncestors(reasons: readonly HoldReason[]): boolean {
  return reasons.length > 0 && reasons.every(({ code }) => code === 'ancestor-in-progress');
}

async function readStatuses(
  deps: Pick<EnqueueDeps, 'table'>,
  names: readonly string[],
): Promise<PipelineStatus[]> {
  const rows = await readInParts(names, (part) =>
    readMany(deps.table, part.map(keys.status), PipelineStatusSchema),
  );
  return rows.filter((row) => row !== undefined);
}

/** Whoever is built on one of them, each once. Most images are built on by nobody, and have no selector: no list is read for them. */
async function readChildren(deps: Pick<EnqueueDeps, 'table'>, parents: readonly string[]): Promise<string[]> {
  const selectors = await readInParts(parents, async (part) => {
    const rows = await readMany(deps.table, part.map(keys.pipeline), PipelineRecordSchema);
    return rows.flatMap((row) =>
      row === undefined
        ? []
        : [selectorKey({ kind: 'pipeline', pipeline: row.name, channel: row.spec.channel })],
    );
  });
  const known = await readInParts(selectors, (part) => deps.table.getMany(part.map(keys.selector)));
  const children = new Set<string>();
  for (const [index, selector] of selectors.entries())
    if (known[index] !== undefined)
      for (const name of await readUserNames(deps, selector)) children.add(name);
  return [...children];
}

async function readUserNames(deps: Pick<EnqueueDeps, 'table'>, selector: string): Promise<string[]> {
  const query = { pk: keys.selectorUser(selector, '').pk, prefix: 'USER#' };
  const users = await readAll(deps.table, query, UserKeySchema);
  return users.map(({ sk }) => sk.slice('USER#'.length));
}

async function readInParts<Given, Found>(
  all: readonly Given[],
  find: (part: Given[]) => Promise<readonly Found[]>,
): Promise<Found[]> {
  const found: Found[] = [];
  for (let start = 0; start < all.length; start += NAMES_AT_ONCE)
    found.push(...(await find(all.slice(start, start + NAMES_AT_ONCE))));
  return found;
}
