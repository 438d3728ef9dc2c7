/** Reading records: a row is parsed with its schema or is no record. */
import type * as z from 'zod';
import type { Key } from '../../domain/naming.ts';
import type { Query, Table } from '../../ports.ts';

export type Reader = Pick<Table, 'get' | 'getMany' | 'query'>;

export async function read<Schema extends z.ZodType>(
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
export async function* pages<Schema extends z.ZodType>(
  table: Pick<Table, 'query'>,
  query: Query,
  schema: Schema,
): AsyncGenerator<z.output<Schema>[]> {
  let after = query.after;
  do {
    const page = await table.query({ ...query, ...(after === undefined ? {} : { after }) });
    yield page.items.map((item) => schema.parse(item));
    after = page.cursor;
  } while (after !== undefined);
}

export async function readAll<Schema extends z.ZodType>(
  table: Pick<Table, 'query'>,
  query: Query,
  schema: Schema,
): Promise<z.output<Schema>[]> {
  const all: z.output<Schema>[] = [];
  for await (const page of pages(table, query, schema)) all.push(...page);
  return all;
}
