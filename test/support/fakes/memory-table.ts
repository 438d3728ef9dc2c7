import type { Key } from '../../../shared/domain/naming.ts';
import {
  type Condition,
  type Item,
  MAX_WRITES,
  type Page,
  type Query,
  type Table,
  type Write,
  WriteConflict,
} from '../../../shared/ports.ts';

/** A table in memory that keeps DynamoDB's rules: one write per item, 100 to a transaction, all or nothing, pages. */
export interface MemoryTable extends Table {
  /** Everything that it holds, in the order of the keys. */
  items(): Item[];
  /** One row, at once. */
  peek(key: Key): Item | undefined;
  /** Called after each transaction with what changed, as the table's stream would be. */
  onWrite(listener: (changes: readonly { before?: Item; after?: Item }[]) => void): void;
}

const INDEX_KEYS = {
  main: ['pk', 'sk'],
  list: ['listPk', 'listSk'],
  due: ['duePk', 'dueSk'],
} as const;
const KEY_LIMIT_BYTES = { pk: 2048, sk: 1024 };
const ITEM_LIMIT_BYTES = 400 * 1024;

export function memoryTable(options: { readonly pageSize?: number } = {}): MemoryTable {
  const rows = new Map<string, Item>();
  const listeners: ((changes: readonly { before?: Item; after?: Item }[]) => void)[] = [];
  const text = ({ pk, sk }: Key) => `${pk}\n${sk}`;

  return {
    async get(key) {
      return copy(rows.get(text(key)));
    },
    async getMany(keys) {
      return keys.map((key) => copy(rows.get(text(key))));
    },
    async query(query) {
      return page([...rows.values()], query, options.pageSize ?? 1000);
    },
    async write(writes) {
      check(writes);
      writes.forEach((write, index) => {
        const found = rows.get(text(keyOf(write)));
        if (!holds(write.when, found)) throw new WriteConflict(index, keyOf(write), copy(found));
      });
      const changes = writes.flatMap((write) => {
        if ('check' in write) return [];
        const key = text(keyOf(write));
        const before = rows.get(key);
        const after = applied(write, before);
        if (after === undefined) rows.delete(key);
        else rows.set(key, after);
        return [{ ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
      });
      for (const listener of listeners) listener(changes);
    },
    peek: (key) => copy(rows.get(text(key))),
    items: () => [...rows.values()].map((row) => structuredClone(row)).sort(byKey('pk', 'sk')),
    onWrite: (listener) => listeners.push(listener),
  };
}

function copy(item: Item | undefined): Item | undefined {
  return item === undefined ? undefined : structuredClone(item);
}

function keyOf(write: Write): Key {
  if ('put' in write) return write.put;
  if ('update' in write) return write.update;
  if ('delete' in write) return write.delete;
  return write.check;
}

function check(writes: readonly Write[]): void {
  if (writes.length > MAX_WRITES) throw new RangeError(`${writes.length} writes are too many.`);
  const seen = new Set(writes.map((write) => `${keyOf(write).pk}\n${keyOf(write).sk}`));
  if (seen.size < writes.length)
    throw new Error('Transaction request cannot include multiple operations on one item');
}

function holds(condition: Condition | undefined, found: Item | undefined): boolean {
  if (condition === undefined) return true;
  if (condition.exists !== undefined && condition.exists !== (found !== undefined)) return false;
  const equal = Object.entries(condition.equals ?? {}).every(([name, value]) =>
    value === null ? found?.[name] === undefined : found?.[name] === value,
  );
  const among = Object.entries(condition.oneOf ?? {}).every(([name, values]) => {
    const value = found?.[name];
    return (typeof value === 'string' || typeof value === 'number') && values.includes(value);
  });
  const below = Object.entries(condition.below ?? {}).every(([name, limit]) => {
    const value = found?.[name];
    if (value === undefined) return true;
    return typeof value === typeof limit && (value as string | number) < limit;
  });
  return equal && among && below;
}

function applied(write: Write, before: Item | undefined): Item | undefined {
  if ('delete' in write || 'check' in write) return undefined;
  if ('put' in write) return stored(write.put);
  const next: Record<string, unknown> = { ...before, pk: write.update.pk, sk: write.update.sk };
  for (const [name, value] of Object.entries(write.set ?? {})) if (value !== undefined) next[name] = value;
  for (const [name, values] of Object.entries(write.append ?? {}))
    next[name] = [...((next[name] as unknown[] | undefined) ?? []), ...values];
  for (const [name, value] of Object.entries(write.add ?? {}))
    next[name] = ((next[name] as number | undefined) ?? 0) + value;
  for (const name of write.remove ?? []) delete next[name];
  return stored(next as Item);
}

/** As the document client stores it: without undefined values, and nothing shared with the caller. */
function stored(item: Item): Item {
  const text = JSON.stringify(item);
  if (text.length > ITEM_LIMIT_BYTES) throw new Error('Item size has exceeded the maximum allowed size');
  for (const name of ['pk', 'sk'] as const)
    if (item[name].length === 0 || item[name].length > KEY_LIMIT_BYTES[name])
      throw new Error(`The key attribute ${name} is empty or too long`);
  return JSON.parse(text) as Item;
}

function page(rows: readonly Item[], query: Query, pageSize: number): Page {
  const [pk, sk] = INDEX_KEYS[query.index ?? 'main'];
  const matching = rows
    .filter((row) => row[pk] === query.pk && typeof row[sk] === 'string')
    .filter((row) => query.prefix === undefined || matchesPrefix(String(row[sk]), query))
    .filter((row) => query.upTo === undefined || String(row[sk]) <= query.upTo)
    .sort(byKey(sk, 'pk', 'sk'));
  if (query.descending === true) matching.reverse();
  const start =
    query.after === undefined
      ? 0
      : matching.findIndex((row) => isBehind(row, query.after ?? '', sk, query.descending === true));
  const size = Math.min(query.limit ?? pageSize, pageSize);
  const items = start < 0 ? [] : matching.slice(start, start + size);
  const last = items.at(-1);
  const more = last !== undefined && start + size < matching.length;
  return {
    items: items.map((row) => structuredClone(row)),
    ...(more ? { cursor: JSON.stringify([last[sk], last.pk, last.sk]) } : {}),
  };
}

/** With an upper end the prefix is the lower end, as in the adapter's BETWEEN. */
function matchesPrefix(value: string, query: Query): boolean {
  const prefix = query.prefix ?? '';
  return query.upTo === undefined ? value.startsWith(prefix) : value >= prefix;
}

/** The row that the cursor named may be gone by now: what counts is the order. */
function isBehind(row: Item, cursor: string, sk: string, descending: boolean): boolean {
  const mark = JSON.parse(cursor) as string[];
  const own = [row[sk], row.pk, row.sk].map(String);
  const position = own.findIndex((part, index) => part !== mark[index]);
  if (position < 0) return false;
  const after = (own[position] ?? '') > (mark[position] ?? '');
  return descending ? !after : after;
}

function byKey(...names: readonly string[]) {
  return (a: Item, b: Item): number => {
    for (const name of names) {
      const [left, right] = [String(a[name]), String(b[name])];
      if (left !== right) return left < right ? -1 : 1;
    }
    return 0;
  };
}
