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

async function waitingDescendants(deps: PlanAgainDeps, pipeline: string): Promise<string[]> {
  return await descendantsOf(deps, pipeline, async (name) => {
    const item = await deps.table.get(keys.planning(name));
    return item !== undefined && PlanningRecordSchema.parse(item).dirty;
  });
}

/** Walks down from a pipeline over the selectors that name its channel; a cycle cannot be (it is refused when a definition is applied), but ends here too. */
async function descendantsOf(
  deps: PlanAgainDeps,
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

async function childrenOf(deps: PlanAgainDeps, pipeline: string): Promise<string[]> {
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

async function channelOf(deps: PlanAgainDeps, pipeline: string): Promise<string | undefined> {
  return (await read(deps.table, keys.pipeline(pipeline), PipelineRecordSchema))?.plan.channel;
}
