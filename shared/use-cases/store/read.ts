/** Reading records: a row is parsed with its schema or is no record. */
import type * as z from 'zod';
import type { Key } from '../../domain/base/naming.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Query, Table } from '../../ports/table.ts';

export type Reader = Pick<Table, 'get' | 'getMany' | 'query'>;

export async function readRecord<Schema extends z.ZodType>(
  table: Pick<Table, 'get'>,
  key: Key,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  const item = await table.get(key);
  return item === undefined ? undefined : schema.parse(item);
}

/** Those of the rows that are there, in the order of the keys. */
export async function readFound<Schema extends z.ZodType>(
  table: Pick<Table, 'getMany'>,
  keys: readonly Key[],
  schema: Schema,
): Promise<z.output<Schema>[]> {
  return (await readMany(table, keys, schema)).filter((row) => row !== undefined);
}

/** In the order of the keys; absent rows are undefined. */
export async function readMany<Schema extends z.ZodType>(
  table: Pick<Table, 'getMany'>,
  keys: readonly Key[],
  schema: Schema,
): Promise<(z.output<Schema> | undefined)[]> {
  if (keys.length === 0) return [];
  const items = await table.getMany(keys);
  return items.map((item) => (item === undefined ? undefined : schema.parse(item)));
}

export interface RecordPage<Entry> {
  readonly items: Entry[];
  /** Hand it back as `after` for the next page; undefined on the last one. */
  readonly cursor: string | undefined;
}

export async function readPage<Schema extends z.ZodType>(
  table: Pick<Table, 'query'>,
  query: Query,
  schema: Schema,
): Promise<RecordPage<z.output<Schema>>> {
  const { items, cursor } = await table.query(query);
  return { items: items.map((item) => schema.parse(item)), cursor };
}

/** All pages of a query, one after the other. */
export async function* readPages<Schema extends z.ZodType>(
  table: Pick<Table, 'query'>,
  query: Query,
  schema: Schema,
): AsyncGenerator<z.output<Schema>[]> {
  let after = query.after;
  do {
    const page = await readPage(table, { ...query, after }, schema);
    yield page.items;
    after = page.cursor;
  } while (after !== undefined);
}

/** All records of a query, or at least `enough` where there are more. */
export async function readAll<Schema extends z.ZodType>(
  table: Pick<Table, 'query'>,
  query: Query,
  schema: Schema,
  enough = Number.POSITIVE_INFINITY,
): Promise<z.output<Schema>[]> {
  const all: z.output<Schema>[] = [];
  for await (const page of readPages(table, query, schema)) {
    all.push(...page);
    if (all.length >= enough) break;
  }
  return all;
}

/** The first `most` records that are due by now and meant, oldest first. More than a page of others may stand before them. */
export async function readDue<Schema extends z.ZodType>(
  { table, clock }: { readonly table: Pick<Table, 'query'>; readonly clock: Clock },
  pk: string,
  schema: Schema,
  most: number,
  isMeant: (record: z.output<Schema>) => boolean = () => true,
): Promise<z.output<Schema>[]> {
  const found: z.output<Schema>[] = [];
  const query = { index: 'due', pk, upTo: clock.now().toISOString(), limit: Math.min(most, 100) } as const;
  for await (const page of readPages(table, query, schema)) {
    found.push(...page.filter(isMeant));
    if (found.length >= most) break;
  }
  return found.slice(0, most);
}

/** Reads this many rows at once: few enough to hold in memory, many enough to be quick. */
const ROWS_AT_ONCE = 1000;

/** What `find` answers for all parts, in their order. */
export async function readInParts<Given, Found>(
  all: readonly Given[],
  find: (part: Given[]) => Promise<readonly Found[]>,
): Promise<Found[]> {
  const found: Found[] = [];
  for (let start = 0; start < all.length; start += ROWS_AT_ONCE)
    found.push(...(await find(all.slice(start, start + ROWS_AT_ONCE))));
  return found;
}
