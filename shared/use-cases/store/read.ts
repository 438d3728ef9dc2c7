/** Reading records: a row is parsed with its schema or is no record. */
import type * as z from 'zod';
import type { Key } from '../../domain/base/naming.ts';
import type { Item, Query, Table } from '../../ports/table.ts';

export type Reader = Pick<Table, 'get' | 'getMany' | 'query'>;

export async function readRecord<Schema extends z.ZodType>(
  table: Pick<Table, 'get'>,
  key: Key,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  const item = await table.get(key);
  return item === undefined ? undefined : schema.parse(item);
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

/** All pages of a query, one after the other. */
export async function* readPages<Schema extends z.ZodType>(
  table: Pick<Table, 'query'>,
  query: Query,
  schema: Schema,
): AsyncGenerator<z.output<Schema>[]> {
  for await (const items of readItemPages(table, query)) yield items.map((item) => schema.parse(item));
}

export async function readAll<Schema extends z.ZodType>(
  table: Pick<Table, 'query'>,
  query: Query,
  schema: Schema,
): Promise<z.output<Schema>[]> {
  return (await readItems(table, query)).map((item) => schema.parse(item));
}

/** For a partition that holds records of many kinds; other readers pass a schema. */
export async function readItems(table: Pick<Table, 'query'>, query: Query): Promise<Item[]> {
  const all: Item[] = [];
  for await (const items of readItemPages(table, query)) all.push(...items);
  return all;
}

async function* readItemPages(table: Pick<Table, 'query'>, query: Query): AsyncGenerator<readonly Item[]> {
  let after = query.after;
  do {
    const page = await table.query({ ...query, ...(after === undefined ? {} : { after }) });
    yield page.items;
    after = page.cursor;
  } while (after !== undefined);
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
