/** Lists that the API pages through: bakes, releases, changes, approvals. Newest first. */
import type * as z from 'zod';
import {
  type Approval,
  ApprovalSchema,
  type Bake,
  BakeSchema,
  type Change,
  ChangeSchema,
  type PageQuery,
  type Release,
  ReleaseSchema,
} from '../../domain/api/shapes.ts';
import { keys, lists } from '../../domain/base/naming.ts';
import { WaveRecordSchema } from '../../domain/records/status.ts';
import type { Query, Table } from '../../ports/table.ts';
import { readFound, readPage } from '../store/read.ts';

export interface ListDeps {
  readonly table: Pick<Table, 'get' | 'getMany' | 'query'>;
}
export interface Paged<Entry> {
  readonly items: Entry[];
  readonly cursor?: string | undefined;
}

export function listBakes(deps: ListDeps, query: PageQuery): Promise<Paged<Bake>> {
  return readNewest(deps, lists.bakes, query, BakeSchema);
}

export async function listPipelineBakes(
  deps: ListDeps,
  pipeline: string,
  query: PageQuery,
): Promise<Paged<Bake>> {
  const { pk, sk: prefix } = keys.pipelineBake(pipeline, '');
  const page = await deps.table.query({ pk, prefix, descending: true, ...toPageLimits(query) });
  const bakes = page.items.map(({ sk }) => keys.bake(sk.slice(prefix.length)));
  return { items: await readFound(deps.table, bakes, BakeSchema), cursor: page.cursor };
}

export function listReleases(deps: ListDeps, query: PageQuery): Promise<Paged<Release>> {
  return readNewest(deps, lists.releases, query, ReleaseSchema);
}

export function listPipelineReleases(
  deps: ListDeps,
  pipeline: string,
  query: PageQuery,
): Promise<Paged<Release>> {
  const { pk } = keys.pipeline(pipeline);
  const newest = { pk, prefix: 'RELEASE#', descending: true, ...toPageLimits(query) };
  return readPage(deps.table, newest, ReleaseSchema);
}

/** With `unconfirmed`, only those whose wave waits for a person; they are listed for themselves, so that none hides behind many others. */
export async function listChanges(
  deps: ListDeps,
  query: PageQuery & { readonly unconfirmed?: boolean | undefined },
): Promise<Paged<Change>> {
  if (query.unconfirmed !== true) return readNewest(deps, lists.changes, query, ChangeSchema);
  const { items, cursor } = await readNewest(deps, lists.waves, query, WaveRecordSchema);
  const changes = items.map(({ change }) => keys.change(change));
  return { items: await readFound(deps.table, changes, ChangeSchema), cursor };
}

export async function listApprovals(
  deps: ListDeps,
  query: PageQuery & { readonly state?: Approval['state'] | undefined },
): Promise<Paged<Approval>> {
  const { items, cursor } = await readNewest(deps, lists.approvals, query, ApprovalSchema);
  return { items: items.filter(({ state }) => query.state === undefined || state === query.state), cursor };
}

function readNewest<Schema extends z.ZodType>(
  { table }: ListDeps,
  pk: string,
  query: PageQuery,
  schema: Schema,
): Promise<Paged<z.output<Schema>>> {
  return readPage(table, { index: 'list', pk, descending: true, ...toPageLimits(query) }, schema);
}

export function toPageLimits({ limit, cursor }: PageQuery): Pick<Query, 'limit' | 'after'> {
  return { limit, after: cursor };
}
