/** Which pipelines use a selector, and which are built on which. */
import * as z from 'zod';
import { keys } from '../../domain/base/naming.ts';
import { type PipelineRecord, PipelineRecordSchema } from '../../domain/records/pipelines.ts';
import { type SelectorUserRecord, SelectorUserRecordSchema } from '../../domain/records/selectors.ts';
import { selectorKey } from '../../domain/selectors/selectors.ts';
import type { Table } from '../../ports/table.ts';
import { readInParts, readMany, readPages } from '../store/read.ts';

const UserKeySchema = z.object({ sk: z.string().startsWith('USER#') });

/** One page of the pipelines that use a selector. */
export async function readSelectorUsers(
  table: Pick<Table, 'query'>,
  selector: string,
  page: { readonly limit: number; readonly after?: string | undefined },
): Promise<{ users: SelectorUserRecord[]; cursor: string | undefined }> {
  const { items, cursor } = await table.query({
    pk: keys.selectorUser(selector, '').pk,
    prefix: 'USER#',
    limit: page.limit,
    ...(page.after === undefined ? {} : { after: page.after }),
  });
  return { users: items.map((item) => SelectorUserRecordSchema.parse(item)), cursor };
}

/** Names of the pipelines that use a selector: all of them, or at least `enough` where there are more. */
export async function readUserNames(
  table: Pick<Table, 'query'>,
  selector: string,
  enough = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const limit = Number.isFinite(enough) ? { limit: enough } : {};
  const query = { pk: keys.selectorUser(selector, '').pk, prefix: 'USER#', ...limit };
  const names: string[] = [];
  for await (const page of readPages(table, query, UserKeySchema)) {
    names.push(...page.map(({ sk }) => sk.slice('USER#'.length)));
    if (names.length >= enough) break;
  }
  return names;
}

/** Key of the selector by which other pipelines are built on this one. */
export function releaseSelectorKey({ name, spec }: Pick<PipelineRecord, 'name' | 'spec'>): string {
  return selectorKey({ kind: 'pipeline', pipeline: name, channel: spec.channel });
}

/**
 * Names of the pipelines that are built directly on one of `parents`, each once; at least `enough` of each parent where there are more. Most
 * pipelines have no dependents and so no selector row: for these no list is read.
 */
export async function readChildren(
  table: Pick<Table, 'getMany' | 'query'>,
  parents: readonly string[],
  enough?: number,
): Promise<string[]> {
  const selectors = await readInParts(parents, async (part) => {
    const rows = await readMany(table, part.map(keys.pipeline), PipelineRecordSchema);
    return rows.flatMap((row) => (row === undefined ? [] : [releaseSelectorKey(row)]));
  });
  const rows = await readInParts(selectors, (part) => table.getMany(part.map(keys.selector)));
  const used = selectors.filter((_, index) => rows[index] !== undefined);
  const children = new Set<string>();
  for (const selector of used)
    for (const name of await readUserNames(table, selector, enough)) children.add(name);
  return [...children];
}
