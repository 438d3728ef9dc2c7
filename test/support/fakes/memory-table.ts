import * as z from 'zod';
import { UnknownCursor } from '../../../shared/domain/base/errors.ts';
import type { Key } from '../../../shared/domain/base/naming.ts';
import {
  type Item,
  MAX_WRITES,
  type Query,
  type Table,
  type Write,
  type WriteCondition,
  WriteConflict,
} from '../../../shared/ports/table.ts';

/** A table in memory that keeps DynamoDB's rules: one write per item, 100 to a transaction, all or nothing, pages. */
export interface MemoryTable extends Table {
  /** Everything that it holds, in the order of the keys. */
  items(): Item[];
  /** One row, at once. */
  peek(key: Key): Item | undefined;
  /** Called after each transaction with what changed, as the table's stream would be. */
  onWrite(listener: (changes: readonly { before?: Item; after?: Item }[]) => void): void;
}

const KEY_LIMIT_BYTES = { pk: 2048, sk: 1024 };
const ITEM_LIMIT_BYTES = 400 * 1024;

/** Items are stored as text: nothing is shared with a caller, and a large table weighs little. */
interface Row extends Key {
  text: string;
  /** The parsed text, where it is cached: frozen, so that no caller can change it. */
  item: Item | undefined;
  listPk: string | undefined;
  listSk: string | undefined;
  duePk: string | undefined;
  dueSk: string | undefined;
}

const INDEX_KEYS = {
  main: { pk: 'pk', sk: 'sk' },
  list: { pk: 'listPk', sk: 'listSk' },
  due: { pk: 'duePk', sk: 'dueSk' },
} as const;
type SortKey = (typeof INDEX_KEYS)[keyof typeof INDEX_KEYS]['sk'];

/** One partition of an index, put in order when it is read after something came or went. */
class Partition {
  /** By the item's own key, which in the table itself is the sort key alone. */
  readonly rows = new Map<string, Row>();
  readonly #sk: SortKey;
  #sorted: readonly Row[] | undefined;

  constructor(sk: SortKey) {
    this.#sk = sk;
  }
  add(id: string, row: Row): void {
    this.rows.set(id, row);
    this.#sorted = undefined;
  }
  remove(id: string): void {
    this.rows.delete(id);
    this.#sorted = undefined;
  }
  get sorted(): readonly Row[] {
    this.#sorted ??= [...this.rows.values()].sort((a, b) =>
      compareTexts(toSortOrder(a, this.#sk), toSortOrder(b, this.#sk)),
    );
    return this.#sorted;
  }
}

type Partitions = Map<string, Partition>;

/** `keepsItems` remembers what the text of a row says, frozen: quicker, for a table that is small and read over and over. */
export function memoryTable(
  options: { readonly pageSize?: number; readonly keepsItems?: boolean } = {},
): MemoryTable {
  const indexes = { main: new Map(), list: new Map(), due: new Map() } satisfies Record<
    keyof typeof INDEX_KEYS,
    Partitions
  >;
  const listeners: ((changes: readonly { before?: Item; after?: Item }[]) => void)[] = [];
  const rowOf = ({ pk, sk }: Key): Row | undefined => (indexes.main as Partitions).get(pk)?.rows.get(sk);
  const parse = (row: Row): Item => {
    if (row.item !== undefined) return row.item;
    const item = JSON.parse(row.text) as Item;
    if (options.keepsItems === true) row.item = deepFreeze(item);
    return item;
  };
  const get = (key: Key): Item | undefined => {
    const row = rowOf(key);
    return row === undefined ? undefined : parse(row);
  };

  const remove = (key: Key): undefined => {
    const row = rowOf(key);
    if (row === undefined) return;
    removeFromPartition(indexes.main, row.pk, row.sk);
    for (const index of ['list', 'due'] as const)
      removeFromPartition(indexes[index], row[INDEX_KEYS[index].pk], toRowId(row));
  };
  const put = (item: Item, text: string): Row => {
    const known = rowOf(item);
    const row: Row = known ?? { pk: item.pk, sk: item.sk, text, item: undefined, ...NO_INDEX_KEYS };
    [row.text, row.item] = [text, undefined];
    if (known === undefined) addToPartition(indexes.main, 'sk', row.pk, row.sk, row);
    for (const index of ['list', 'due'] as const) {
      const { pk, sk } = INDEX_KEYS[index];
      const place = typeof item[pk] === 'string' && typeof item[sk] === 'string';
      const [inPk, inSk] = place ? [item[pk], item[sk]] : [undefined, undefined];
      if (row[pk] === inPk && row[sk] === inSk) continue;
      removeFromPartition(indexes[index], row[pk], toRowId(row));
      [row[pk], row[sk]] = [inPk as string | undefined, inSk as string | undefined];
      if (row[pk] !== undefined) addToPartition(indexes[index], sk, row[pk], toRowId(row), row);
    }
    return row;
  };

  return {
    async get(key) {
      return get(key);
    },
    async getMany(keys) {
      return keys.map(get);
    },
    async query(query) {
      const index = query.index ?? 'main';
      const partition = (indexes[index] as Partitions).get(query.pk);
      const { rows, cursor } = readPage(
        partition?.sorted ?? [],
        INDEX_KEYS[index].sk,
        query,
        options.pageSize ?? 1000,
      );
      return { items: rows.map(parse), ...(cursor === undefined ? {} : { cursor }) };
    },
    async write(writes) {
      checkWrites(writes);
      const found = writes.map((write) =>
        write.when === undefined && !('update' in write) && listeners.length === 0
          ? undefined
          : get(readKey(write)),
      );
      writes.forEach((write, index) => {
        const before = found[index];
        if (!isConditionMet(write.when, before)) throw new WriteConflict(index, readKey(write), before);
      });
      const after = writes.map((write, index) => applyWrite(write, found[index]));
      const bodies = after.map((item) => (item === undefined ? '' : serializeItem(item)));
      const changes = writes.flatMap((write, index) => {
        if ('check' in write) return [];
        const [before, item, body] = [found[index], after[index], bodies[index] ?? ''];
        const row = item === undefined ? remove(readKey(write)) : put(item, body);
        if (listeners.length === 0) return [];
        return [
          {
            ...(before === undefined ? {} : { before }),
            ...(row === undefined ? {} : { after: parse(row) }),
          },
        ];
      });
      for (const listener of listeners) listener(changes);
    },
    peek: get,
    items: () => {
      const rows = [...(indexes.main as Partitions).values()].flatMap((partition) => [
        ...partition.rows.values(),
      ]);
      return rows.sort((a, b) => compareTexts([a.pk, a.sk], [b.pk, b.sk])).map(parse);
    },
    onWrite: (listener) => listeners.push(listener),
  };
}

const NO_INDEX_KEYS = { listPk: undefined, listSk: undefined, duePk: undefined, dueSk: undefined };

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}

function toRowId({ pk, sk }: Key): string {
  return `${pk}\n${sk}`;
}

/** The order in an index: its sort key, and then the item's own key. */
function toSortOrder(row: Row, sk: SortKey): readonly [string, string, string] {
  return [row[sk] ?? '', row.pk, row.sk];
}

function addToPartition(partitions: Partitions, sk: SortKey, pk: string, id: string, row: Row): void {
  const partition = partitions.get(pk) ?? new Partition(sk);
  partitions.set(pk, partition);
  partition.add(id, row);
}

function removeFromPartition(partitions: Partitions, pk: string | undefined, id: string): void {
  if (pk === undefined) return;
  const partition = partitions.get(pk);
  partition?.remove(id);
  if (partition?.rows.size === 0) partitions.delete(pk);
}

function readKey(write: Write): Key {
  if ('put' in write) return write.put;
  if ('update' in write) return write.update;
  if ('delete' in write) return write.delete;
  return write.check;
}

function checkWrites(writes: readonly Write[]): void {
  if (writes.length > MAX_WRITES) throw new RangeError(`${writes.length} writes are too many.`);
  const seen = new Set(writes.map((write) => `${readKey(write).pk}\n${readKey(write).sk}`));
  if (seen.size < writes.length)
    throw new Error('Transaction request cannot include multiple operations on one item');
}

function isConditionMet(condition: WriteCondition | undefined, found: Item | undefined): boolean {
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

function applyWrite(write: Write, before: Item | undefined): Item | undefined {
  if ('delete' in write || 'check' in write) return undefined;
  if ('put' in write) return write.put;
  const next: Record<string, unknown> = { ...before, pk: write.update.pk, sk: write.update.sk };
  for (const [name, value] of Object.entries(write.set ?? {})) if (value !== undefined) next[name] = value;
  for (const [name, value] of Object.entries(write.setOnce ?? {})) next[name] ??= value;
  for (const [name, values] of Object.entries(write.append ?? {}))
    next[name] = [...((next[name] as unknown[] | undefined) ?? []), ...values];
  for (const [name, value] of Object.entries(write.add ?? {}))
    next[name] = ((next[name] as number | undefined) ?? 0) + value;
  for (const name of write.remove ?? []) delete next[name];
  return next as Item;
}

/** As the document client stores it: without undefined values. */
function serializeItem(item: Item): string {
  const text = JSON.stringify(item);
  if (text.length > ITEM_LIMIT_BYTES) throw new Error('Item size has exceeded the maximum allowed size');
  for (const name of ['pk', 'sk'] as const)
    if (item[name].length === 0 || item[name].length > KEY_LIMIT_BYTES[name])
      throw new Error(`The key attribute ${name} is empty or too long`);
  return text;
}

function readPage(
  rows: readonly Row[],
  by: SortKey,
  query: Query,
  pageSize: number,
): { readonly rows: readonly Row[]; readonly cursor?: string } {
  const { prefix = '', upTo, after } = query;
  const keyIn = (row: Row) => row[by] ?? '';
  // With an upper end the prefix is the lower end, as in the adapter's BETWEEN.
  const from = findFirstIndex(rows, (row) => keyIn(row) >= prefix);
  const to = findFirstIndex(rows, (row) =>
    upTo === undefined ? keyIn(row) >= prefix && !keyIn(row).startsWith(prefix) : keyIn(row) > upTo,
  );
  // The row that the cursor named may be gone by now: what counts is the order.
  const mark = after === undefined ? undefined : parseCursor(after);
  const size = Math.min(query.limit ?? pageSize, pageSize);
  const descending = query.descending === true;
  const [start, end] = descending
    ? [
        from,
        mark === undefined
          ? to
          : findFirstIndex(rows, (row) => compareTexts(toSortOrder(row, by), mark) >= 0),
      ]
    : [
        mark === undefined
          ? from
          : findFirstIndex(rows, (row) => compareTexts(toSortOrder(row, by), mark) > 0),
        to,
      ];
  const found = descending
    ? rows.slice(Math.max(start, end - size), Math.max(start, end)).reverse()
    : rows.slice(start, Math.min(start + size, end));
  const last = found.at(-1);
  const more = last !== undefined && end - start > size;
  return {
    rows: found,
    ...(more ? { cursor: JSON.stringify(toSortOrder(last, by)) } : {}),
  };
}

function parseCursor(cursor: string): string[] {
  try {
    return z.array(z.string()).parse(JSON.parse(cursor));
  } catch {
    throw new UnknownCursor();
  }
}

/** The first index at which a condition holds that goes on to hold from there. */
function findFirstIndex(rows: readonly Row[], condition: (row: Row) => boolean): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row !== undefined && condition(row)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function compareTexts(one: readonly string[], other: readonly string[]): number {
  for (let at = 0; at < one.length; at += 1) {
    const [left = '', right = ''] = [one[at], other[at]];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
