/** Lists that the API pages through: bakes, releases, changes, approvals. Newest first. */
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
import type { Item, Page, Query, Table } from '../../ports/table.ts';

export interface ListDeps {
  readonly table: Pick<Table, 'get' | 'getMany' | 'query'>;
}
export interface Paged<Entry> {
  readonly items: Entry[];
  readonly cursor?: string;
}

export async function listBakes(deps: ListDeps, query: PageQuery): Promise<Paged<Bake>> {
  const page = await deps.table.query(toNewestQuery(lists.bakes, query));
  return toPaged(page, (item) => BakeSchema.parse(item));
}

export async function listPipelineBakes(
  deps: ListDeps,
  pipeline: string,
  query: PageQuery,
): Promise<Paged<Bake>> {
  const page = await deps.table.query({
    ...toPartitionQuery(keys.pipeline(pipeline).pk, 'BAKE#'),
    ...toPageLimits(query),
  });
  const bakes = await deps.table.getMany(page.items.map((item) => keys.bake(item.sk.slice('BAKE#'.length))));
  return toPaged({ ...page, items: bakes.filter(isItem) }, (item) => BakeSchema.parse(item));
}

export async function listReleases(deps: ListDeps, query: PageQuery): Promise<Paged<Release>> {
  const page = await deps.table.query(toNewestQuery(lists.releases, query));
  return toPaged(page, (item) => ReleaseSchema.parse(item));
}

export async function listPipelineReleases(
  deps: ListDeps,
  pipeline: string,
  query: PageQuery,
): Promise<Paged<Release>> {
  const page = await deps.table.query({
    ...toPartitionQuery(keys.pipeline(pipeline).pk, 'RELEASE#'),
    ...toPageLimits(query),
  });
  return toPaged(page, (item) => ReleaseSchema.parse(item));
}

/** With `unconfirmed`, only those whose wave waits for a person; they are listed for themselves, so that none hides behind many others. */
export async function listChanges(
  deps: ListDeps,
  query: PageQuery & { readonly unconfirmed?: boolean | undefined },
): Promise<Paged<Change>> {
  if (query.unconfirmed !== true)
    return toPaged(await deps.table.query(toNewestQuery(lists.changes, query)), (item) =>
      ChangeSchema.parse(item),
    );
  const page = await deps.table.query(toNewestQuery(lists.waves, query));
  const rows = page.items.map((item) => keys.change(WaveRecordSchema.parse(item).change));
  const changes = rows.length === 0 ? [] : await deps.table.getMany(rows);
  return toPaged({ ...page, items: changes.filter(isItem) }, (item) => ChangeSchema.parse(item));
}

export async function listApprovals(
  deps: ListDeps,
  query: PageQuery & { readonly state?: Approval['state'] | undefined },
): Promise<Paged<Approval>> {
  const page = await deps.table.query(toNewestQuery(lists.approvals, query));
  const all = toPaged(page, (item) => ApprovalSchema.parse(item));
  const items = all.items.filter((entry) => query.state === undefined || entry.state === query.state);
  return { ...all, items };
}

function toNewestQuery(pk: string, query: PageQuery): Query {
  return { index: 'list', pk, descending: true, ...toPageLimits(query) };
}

function toPartitionQuery(pk: string, prefix: string): Query {
  return { pk, prefix, descending: true };
}

export function toPageLimits({ limit, cursor }: PageQuery): Pick<Query, 'limit' | 'after'> {
  return { limit, ...(cursor === undefined ? {} : { after: cursor }) };
}

export function toPaged<Entry>(page: Page, parse: (item: Item) => Entry): Paged<Entry> {
  return { items: page.items.map(parse), ...(page.cursor === undefined ? {} : { cursor: page.cursor }) };
}

function isItem(item: Item | undefined): item is Item {
  return item !== undefined;
}
