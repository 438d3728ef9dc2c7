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
const INDEXES = ['main', 'list', 'due'] as const;
const KEY_LIMIT_BYTES = { pk: 2048, sk: 1024 };
const ITEM_LIMIT_BYTES = 400 * 1024;

/** Items are kept as text: nothing is shared with a caller, and a large table weighs little. */
interface Row extends Key {
  text: string;
  /** Where it stands in each index that it is in. */
  places: Partial<Record<(typeof INDEXES)[number], Place>>;
}

/** The order in an index: its sort key, and then the item's own key. */
interface Place {
  readonly pk: string;
  readonly order: readonly [string, string, string];
  readonly row: Row;
}

/** One partition of an index, put in order when it is read after something came or went. */
class Partition {
  readonly #places = new Set<Place>();
  #sorted: readonly Place[] | undefined;

  add(place: Place): void {
    this.#places.add(place);
    this.#sorted = undefined;
  }
  remove(place: Place): void {
    this.#places.delete(place);
    this.#sorted = undefined;
  }
  get isEmpty(): boolean {
    return this.#places.size === 0;
  }
  get sorted(): readonly Place[] {
    this.#sorted ??= [...this.#places].sort((a, b) => compared(a.order, b.order));
    return this.#sorted;
  }
}

type Partitions = Map<string, Partition>;

export function memoryTable(options: { readonly pageSize?: number } = {}): MemoryTable {
  const rows = new Map<string, Row>();
  const indexes: Record<(typeof INDEXES)[number], Partitions> = {
    main: new Map(),
    list: new Map(),
    due: new Map(),
  };
  const listeners: ((changes: readonly { before?: Item; after?: Item }[]) => void)[] = [];
  const text = ({ pk, sk }: Key) => `${pk}\n${sk}`;
  const get = (key: Key): Item | undefined => parsed(rows.get(text(key)));

  const remove = (key: Key): void => {
    const row = rows.get(text(key));
    if (row === undefined) return;
    rows.delete(text(key));
    for (const index of INDEXES) leave(indexes[index], row.places[index]);
  };
  const put = (item: Item, body: string): void => {
    const key = text(item);
    const row: Row = rows.get(key) ?? { pk: item.pk, sk: item.sk, text: body, places: {} };
    row.text = body;
    rows.set(key, row);
    for (const index of INDEXES) {
      const place = placeOf(index, item, row);
      const before = row.places[index];
      if (place?.pk === before?.pk && place?.order[0] === before?.order[0]) continue;
      leave(indexes[index], before);
      if (place === undefined) delete row.places[index];
      else enter(indexes[index], place, row, index);
    }
  };

  return {
    async get(key) {
      return get(key);
    },
    async getMany(keys) {
      return keys.map(get);
    },
    async query(query) {
      const partition = indexes[query.index ?? 'main'].get(query.pk);
      return page(partition?.sorted ?? [], query, options.pageSize ?? 1000);
    },
    async write(writes) {
      check(writes);
      const found = writes.map((write) =>
        write.when === undefined && !('update' in write) && listeners.length === 0
          ? undefined
          : get(keyOf(write)),
      );
      writes.forEach((write, index) => {
        const before = found[index];
        if (!holds(write.when, before)) throw new WriteConflict(index, keyOf(write), before);
      });
      const after = writes.map((write, index) => applied(write, found[index]));
      const bodies = after.map((item) => (item === undefined ? '' : stored(item)));
      const changes = writes.flatMap((write, index) => {
        if ('check' in write) return [];
        const [before, item, body] = [found[index], after[index], bodies[index] ?? ''];
        if (item === undefined) remove(keyOf(write));
        else put(item, body);
        if (listeners.length === 0) return [];
        return [
          {
            ...(before === undefined ? {} : { before }),
            ...(item === undefined ? {} : { after: JSON.parse(body) as Item }),
          },
        ];
      });
      for (const listener of listeners) listener(changes);
    },
    peek: get,
    items: () => [...rows.values()].sort((a, b) => compared([a.pk, a.sk], [b.pk, b.sk])).map(parse),
    onWrite: (listener) => listeners.push(listener),
  };
}

function parse(row: Row): Item {
  return JSON.parse(row.text) as Item;
}

function parsed(row: Row | undefined): Item | undefined {
  return row === undefined ? undefined : parse(row);
}

function placeOf(index: (typeof INDEXES)[number], item: Item, row: Row): Place | undefined {
  const [pk, sk] = INDEX_KEYS[index].map((name) => item[name]);
  if (typeof pk !== 'string' || typeof sk !== 'string') return undefined;
  return { pk, order: [sk, row.pk, row.sk], row };
}

function enter(partitions: Partitions, place: Place, row: Row, index: (typeof INDEXES)[number]): void {
  const partition = partitions.get(place.pk) ?? new Partition();
  partitions.set(place.pk, partition);
  partition.add(place);
  row.places[index] = place;
}

function leave(partitions: Partitions, place: Place | undefined): void {
  if (place === undefined) return;
  const partition = partitions.get(place.pk);
  partition?.remove(place);
  if (partition?.isEmpty === true) partitions.delete(place.pk);
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
  if ('put' in write) return write.put;
  const next: Record<string, unknown> = { ...before, pk: write.update.pk, sk: write.update.sk };
  for (const [name, value] of Object.entries(write.set ?? {})) if (value !== undefined) next[name] = value;
  for (const [name, values] of Object.entries(write.append ?? {}))
    next[name] = [...((next[name] as unknown[] | undefined) ?? []), ...values];
  for (const [name, value] of Object.entries(write.add ?? {}))
    next[name] = ((next[name] as number | undefined) ?? 0) + value;
  for (const name of write.remove ?? []) delete next[name];
  return next as Item;
}

/** As the document client stores it: without undefined values. */
function stored(item: Item): string {
  const text = JSON.stringify(item);
  if (text.length > ITEM_LIMIT_BYTES) throw new Error('Item size has exceeded the maximum allowed size');
  for (const name of ['pk', 'sk'] as const)
    if (item[name].length === 0 || item[name].length > KEY_LIMIT_BYTES[name])
      throw new Error(`The key attribute ${name} is empty or too long`);
  return text;
}

function page(places: readonly Place[], query: Query, pageSize: number): Page {
  const { prefix = '', upTo, after } = query;
  // With an upper end the prefix is the lower end, as in the adapter's BETWEEN.
  const from = firstWhere(places, ({ order }) => order[0] >= prefix);
  const to = firstWhere(places, ({ order: [sk] }) =>
    upTo === undefined ? sk >= prefix && !sk.startsWith(prefix) : sk > upTo,
  );
  // The row that the cursor named may be gone by now: what counts is the order.
  const mark = after === undefined ? undefined : (JSON.parse(after) as string[]);
  const size = Math.min(query.limit ?? pageSize, pageSize);
  const descending = query.descending === true;
  const [start, end] = descending
    ? [from, mark === undefined ? to : firstWhere(places, ({ order }) => compared(order, mark) >= 0)]
    : [mark === undefined ? from : firstWhere(places, ({ order }) => compared(order, mark) > 0), to];
  const found = descending
    ? places.slice(Math.max(start, end - size), Math.max(start, end)).reverse()
    : places.slice(start, Math.min(start + size, end));
  const last = found.at(-1);
  const more = last !== undefined && end - start > size;
  return {
    items: found.map(({ row }) => parse(row)),
    ...(more ? { cursor: JSON.stringify(last.order) } : {}),
  };
}

/** The first index at which a condition holds that goes on to hold from there. */
function firstWhere(places: readonly Place[], condition: (place: Place) => boolean): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const place = places[middle];
    if (place !== undefined && condition(place)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function compared(one: readonly string[], other: readonly string[]): number {
  for (let at = 0; at < one.length; at += 1) {
    const [left = '', right = ''] = [one[at], other[at]];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
