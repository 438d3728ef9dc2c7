/** Which pipelines depend on a selector, and which are built on which. */
import * as z from 'zod';
import { keys } from '../../domain/base/naming.ts';
import { type PipelineRecord, PipelineRecordSchema } from '../../domain/records/pipelines.ts';
import {
  type SelectorDependentRecord,
  SelectorDependentRecordSchema,
} from '../../domain/records/selectors.ts';
import { selectorKey } from '../../domain/selectors/selectors.ts';
import type { Query, Table } from '../../ports/table.ts';
import { type RecordPage, readAll, readFound, readInParts, readPage } from '../store/read.ts';

const KeySchema = z.object({ sk: z.string() });

/** One page of the pipelines whose definition names the selector. */
export async function readSelectorDependents(
  table: Pick<Table, 'query'>,
  selector: string,
  page: Pick<Query, 'limit' | 'after'>,
): Promise<RecordPage<SelectorDependentRecord>> {
  const { pk, sk: prefix } = keys.selectorDependent(selector, '');
  return readPage(table, { pk, prefix, ...page }, SelectorDependentRecordSchema);
}

/** Names of the pipelines that depend on a selector: all of them, or at least `enough` where there are more. */
export async function readDependentNames(
  table: Pick<Table, 'query'>,
  selector: string,
  enough = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const { pk, sk: prefix } = keys.selectorDependent(selector, '');
  const limit = Number.isFinite(enough) ? enough : undefined;
  const rows = await readAll(table, { pk, prefix, limit }, KeySchema, enough);
  return rows.map(({ sk }) => sk.slice(prefix.length));
}

/** Key of the selector by which other pipelines are built on this one. */
export function releaseSelectorKey({ name, spec }: Pick<PipelineRecord, 'name' | 'spec'>): string {
  return selectorKey({ kind: 'pipeline', pipeline: name, channel: spec.channel });
}

/**
 * Names of the pipelines that are built directly on one of `parents`, each once; at least `enough` of each parent where there are more. Most
 * pipelines have no dependents and so no selector row: for these no list is read.
 */
export async function readDirectDependents(
  table: Pick<Table, 'getMany' | 'query'>,
  parents: readonly string[],
  enough?: number,
): Promise<string[]> {
  const selectors = await readInParts(parents, async (part) => {
    const rows = await readFound(table, part.map(keys.pipeline), PipelineRecordSchema);
    return rows.map(releaseSelectorKey);
  });
  const rows = await readInParts(selectors, (part) => table.getMany(part.map(keys.selector)));
  const used = selectors.filter((_, index) => rows[index] !== undefined);
  const dependents = new Set<string>();
  for (const selector of used)
    for (const name of await readDependentNames(table, selector, enough)) dependents.add(name);
  return [...dependents];
}
