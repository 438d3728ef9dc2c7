import type { Key } from '../domain/base/naming.ts';

export type Item = Key & Readonly<Record<string, unknown>>;

/** All parts must hold. `equals` with null means that the attribute is absent. */
export interface WriteCondition {
  readonly exists?: boolean;
  readonly equals?: Readonly<Record<string, string | number | boolean | null>>;
  readonly oneOf?: Readonly<Record<string, readonly (string | number)[]>>;
  /** Attribute is absent or smaller. */
  readonly below?: Readonly<Record<string, string | number>>;
}

export type Write =
  | { readonly put: Item; readonly when?: WriteCondition }
  | {
      readonly update: Key;
      /** A field that is undefined is left as it is. */
      readonly set?: Readonly<Record<string, unknown>>;
      /** Sets what is absent and leaves the rest as it is. */
      readonly setOnce?: Readonly<Record<string, unknown>>;
      readonly remove?: readonly string[];
      readonly add?: Readonly<Record<string, number>>;
      /** Adds to the end of lists; an absent list is empty. */
      readonly append?: Readonly<Record<string, readonly unknown[]>>;
      readonly when?: WriteCondition;
    }
  | { readonly delete: Key; readonly when?: WriteCondition }
  | { readonly check: Key; readonly when: WriteCondition };

/** The row that a write is of. */
export function findWriteKey(write: Write): Key {
  if ('put' in write) return { pk: write.put.pk, sk: write.put.sk };
  if ('update' in write) return write.update;
  return 'delete' in write ? write.delete : write.check;
}

/** A condition did not hold; nothing was written. `index` is the first write that lost, `found` the item that stands there. */
export class WriteConflict extends Error {
  override readonly name = 'WriteConflict';
  readonly index: number;
  readonly key: Key;
  readonly found: Item | undefined;
  constructor(index: number, key: Key, found: Item | undefined) {
    super(`The condition on ${key.pk} / ${key.sk} did not hold.`);
    this.index = index;
    this.key = key;
    this.found = found;
  }
}

/** DynamoDB's limit for one transaction (amazondynamodb TransactWriteItems); the fake enforces it too. */
export const MAX_WRITES = 100;

export interface Page {
  readonly items: readonly Item[];
  /** Hand it back as `after` for the next page; undefined on the last one. */
  readonly cursor?: string;
}

export interface Query {
  /** `main` (default): partition and sort key; `list` and `due`: the indexes of that name (eventually consistent). */
  readonly index?: 'main' | 'list' | 'due';
  readonly pk: string;
  readonly prefix?: string;
  /** Sort key at most this (inclusive). */
  readonly upTo?: string;
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
  readonly descending?: boolean;
}

/** With an upper end the prefix is the lower end. */
export function matchesSortKey({ prefix = '', upTo }: Query, sortKey: string): boolean {
  return upTo === undefined ? sortKey.startsWith(prefix) : sortKey >= prefix && sortKey <= upTo;
}

export interface Table {
  /** Strongly consistent. */
  get(key: Key): Promise<Item | undefined>;
  /** Strongly consistent, in the order of the keys; absent items are undefined. Any number of keys. */
  getMany(keys: readonly Key[]): Promise<(Item | undefined)[]>;
  query(query: Query): Promise<Page>;
  /** All or nothing, at most MAX_WRITES, one write per item. Throws WriteConflict. */
  write(writes: readonly Write[]): Promise<void>;
}
