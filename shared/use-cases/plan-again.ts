/** When a bake of a pipeline has ended, one way or another: plan the pipeline itself and everything built on it that waits to be planned. */
import * as z from 'zod';
import { keys } from '../domain/naming.ts';
import { PlanningRecordSchema, RevisionRecordSchema } from '../domain/records.ts';
import { selectorKey } from '../domain/selectors.ts';
import type { PlanQueue, Table } from '../ports.ts';

export interface PlanAgainDeps {
  readonly table: Table;
  readonly planQueue: PlanQueue;
}

const UserKeySchema = z.string().startsWith('USER#');

export async function planAgain(deps: PlanAgainDeps, pipeline: string): Promise<void> {
  const waiting = await descendantsOf(deps, pipeline, async (name) => {
    const item = await deps.table.get(keys.planning(name));
    return item !== undefined && PlanningRecordSchema.parse(item).dirty;
  });
  const requests = [pipeline, ...waiting].map((name) => ({ pipeline: name, delaySeconds: 0 }));
  await deps.planQueue.send(requests);
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
  const meta = await deps.table.get(keys.pipeline(pipeline));
  const revision = z.object({ revision: z.number() }).safeParse(meta);
  if (!revision.success) return undefined;
  const item = await deps.table.get(keys.revision(pipeline, revision.data.revision));
  return item === undefined ? undefined : RevisionRecordSchema.parse(item).definition.channel;
}
