/** When a bake of a pipeline has ended, one way or another: plan the pipeline itself and everything built on it that waits to be planned. */
import * as z from 'zod';
import { keys } from '../domain/naming.ts';
import { PipelineRecordSchema, PlanningRecordSchema } from '../domain/records.ts';
import { selectorKey } from '../domain/selectors.ts';
import type { PlanQueue, Table } from '../ports.ts';
import { read } from './store/read.ts';

export interface PlanAgainDeps {
  readonly table: Table;
  readonly planQueue: PlanQueue;
}

const UserKeySchema = z.string().startsWith('USER#');

export async function planAgain(deps: PlanAgainDeps, pipeline: string): Promise<void> {
  const names = [pipeline, ...(await waitingDescendants(deps, pipeline))];
  await deps.planQueue.send(names.map((name) => ({ pipeline: name, delaySeconds: 0 })));
}

/** The same without the pipeline itself, for whoever has just planned it. */
export async function planDescendants(deps: PlanAgainDeps, pipeline: string): Promise<void> {
  const names = await waitingDescendants(deps, pipeline);
  if (names.length > 0) await deps.planQueue.send(names.map((name) => ({ pipeline: name, delaySeconds: 0 })));
}

const LONGEST_CHAIN = 50;
const CHILDREN_LOOKED_AT = 1000;

/** How many images, one on top of the other, wait for the pipeline: levels below it in which somebody has something to do. */
export async function longestChain(deps: Pick<PlanAgainDeps, 'table'>, pipeline: string): Promise<number> {
  let level = [pipeline];
  let looked = 0;
  for (let depth = 0; depth < LONGEST_CHAIN; depth += 1) {
    const children = [...new Set((await Promise.all(level.map((name) => childrenOf(deps, name)))).flat())];
    looked += children.length;
    if (children.length === 0 || looked > CHILDREN_LOOKED_AT) return depth;
    level = children;
  }
  return LONGEST_CHAIN;
}

async function waitingDescendants(deps: PlanAgainDeps, pipeline: string): Promise<string[]> {
  return await descendantsOf(deps, pipeline, async (name) => {
    const item = await deps.table.get(keys.planning(name));
    return item !== undefined && PlanningRecordSchema.parse(item).dirty;
  });
}

/** Walks down from a pipeline over the selectors that name its channel; a cycle cannot be (it is refused when a definition is applied), but ends here too. */
async function descendantsOf(
  deps: Pick<PlanAgainDeps, 'table'>,
  pipeline: string,
  wanted: (name: string) => Promise<boolean>,
): Promise<string[]> {
  const seen = new Set([pipeline]);
  const found: string[] = [];
  const open = [pipeline];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    for (const child of await childrenOf(deps, next)) {
      if (seen.has(child)) continue;
      seen.add(child);
      open.push(child);
      if (await wanted(child)) found.push(child);
    }
  }
  return found;
}

async function childrenOf(deps: Pick<PlanAgainDeps, 'table'>, pipeline: string): Promise<string[]> {
  const channel = await channelOf(deps, pipeline);
  if (channel === undefined) return [];
  const { pk } = keys.selectorUser(selectorKey({ kind: 'pipeline', pipeline, channel }), '');
  const children: string[] = [];
  let after: string | undefined;
  do {
    const page = await deps.table.query({ pk, prefix: 'USER#', ...(after === undefined ? {} : { after }) });
    children.push(...page.items.map((item) => UserKeySchema.parse(item.sk).slice('USER#'.length)));
    after = page.cursor;
  } while (after !== undefined);
  return children;
}

async function channelOf(deps: Pick<PlanAgainDeps, 'table'>, pipeline: string): Promise<string | undefined> {
  return (await read(deps.table, keys.pipeline(pipeline), PipelineRecordSchema))?.plan.channel;
}
