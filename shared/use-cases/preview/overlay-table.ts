/**
 * A table whose reads fall through to another one and whose writes stay in memory: use cases run on it as on the real one and change nothing. A
 * row is read once from the other table, so that all rows are of one moment as far as possible.
 */
import * as z from 'zod';
import { UnknownCursor } from '../../domain/base/errors.ts';
import { formatKey, type Key } from '../../domain/base/naming.ts';
import {
  findWriteKey,
  type Item,
  matchesSortKey,
  type Page,
  type Query,
  type Table,
  WriteConflict,
} from '../../ports/table.ts';
import { applyWrite, checkTransaction, meetsCondition } from './overlay-rows.ts';

type BaseTable = Pick<Table, 'get' | 'getMany' | 'query'>;

const INDEX_KEYS = {
  main: ['pk', 'sk'],
  list: ['listPk', 'listSk'],
  due: ['duePk', 'dueSk'],
} as const;

/** Index sort key and the row's own key: rows of an index may share their sort key. */
type Position = readonly [string, string, string];

/** Where a page ended, in the table below and in memory. */
const CursorSchema = z.object({
  /** Cursor with which the page below was read; undefined: the first. */
  page: z.string().optional(),
  /** Rows of that page that were handed out or are hidden. */
  taken: z.number(),
  isDone: z.boolean(),
  own: z.tuple([z.string(), z.string(), z.string()]).readonly().optional(),
});
type OverlayCursor = z.output<typeof CursorSchema>;

export function createOverlayTable(under: BaseTable): Table {
  /** Undefined: deleted. */
  const written = new Map<string, Item | undefined>();
  const seen = new Map<string, Item | undefined>();

  const getMany = async (keys: readonly Key[]): Promise<(Item | undefined)[]> => {
    const unknown = keys.filter((key) => !written.has(formatKey(key)) && !seen.has(formatKey(key)));
    if (unknown.length > 0) {
      const found = await under.getMany(unknown);
      unknown.forEach((key, index) => {
        seen.set(formatKey(key), found[index]);
      });
    }
    return keys.map((key) => cloneItem((written.has(formatKey(key)) ? written : seen).get(formatKey(key))));
  };

  return {
    getMany,
    get: async (key) => (await getMany([key]))[0],
    query: (query) => queryPage(under, written, query),
    async write(writes) {
      checkTransaction(writes);
      const rows = await getMany(writes.map(findWriteKey));
      writes.forEach((write, index) => {
        if (!meetsCondition(write.when, rows[index]))
          throw new WriteConflict(index, findWriteKey(write), rows[index]);
      });
      writes.forEach((write, index) => {
        if (!('check' in write)) written.set(formatKey(findWriteKey(write)), applyWrite(write, rows[index]));
      });
    },
  };
}

async function queryPage(
  under: BaseTable,
  written: ReadonlyMap<string, Item | undefined>,
  query: Query,
): Promise<Page> {
  const start = query.after === undefined ? { taken: 0, isDone: false } : parseCursor(query.after);
  const own = ownRows(written, query, start.own);
  const rows: Item[] = [];
  let mark = start;
  const isFull = () => query.limit !== undefined && rows.length >= query.limit;
  const takeOwn = (before: (row: Item) => boolean) => {
    for (let next = own[0]; next !== undefined && before(next) && !isFull(); next = own[0]) {
      rows.push(next);
      mark = { ...mark, own: toPosition(query, next) };
      own.shift();
    }
  };
  // Without a limit a page ends where one of the table below does.
  while (!mark.isDone && !isFull()) {
    const { after: _, ...same } = query;
    const page = await under.query({ ...same, ...(mark.page === undefined ? {} : { after: mark.page }) });
    for (const row of page.items.slice(mark.taken)) {
      takeOwn((next) => isBefore(query, next, row));
      if (isFull()) break;
      if (!written.has(formatKey(row))) rows.push(row);
      mark = { ...mark, taken: mark.taken + 1 };
    }
    if (mark.taken < page.items.length) break;
    mark = nextPage(mark, page.cursor);
    if (query.limit === undefined && rows.length > 0) break;
  }
  if (mark.isDone) takeOwn(() => true);
  const isLast = mark.isDone && own.length === 0;
  return {
    items: rows.map((row) => structuredClone(row)),
    ...(isLast ? {} : { cursor: JSON.stringify(mark) }),
  };
}

function parseCursor(cursor: string): OverlayCursor {
  try {
    return CursorSchema.parse(JSON.parse(cursor));
  } catch {
    throw new UnknownCursor();
  }
}

function nextPage({ own }: OverlayCursor, page: string | undefined): OverlayCursor {
  return {
    ...(page === undefined ? {} : { page }),
    taken: 0,
    isDone: page === undefined,
    ...(own === undefined ? {} : { own }),
  };
}

/** Rows in memory that the query asks for and that come after the mark, in its order. */
function ownRows(
  written: ReadonlyMap<string, Item | undefined>,
  query: Query,
  mark: Position | undefined,
): Item[] {
  const [pk, sk] = INDEX_KEYS[query.index ?? 'main'];
  const matching = [...written.values()].filter((row): row is Item => {
    const place = row?.[sk];
    return row?.[pk] === query.pk && typeof place === 'string' && matchesSortKey(query, place);
  });
  const direction = query.descending === true ? -1 : 1;
  return matching
    .sort((one, other) => direction * comparePositions(toPosition(query, one), toPosition(query, other)))
    .filter((row) => mark === undefined || direction * comparePositions(toPosition(query, row), mark) > 0);
}

/** With an upper end the prefix is the lower one, as in the adapter's BETWEEN. */
function isBefore(query: Query, one: Item, other: Item): boolean {
  const order = comparePositions(toPosition(query, one), toPosition(query, other));
  return query.descending === true ? order > 0 : order < 0;
}

function toPosition({ index = 'main' }: Query, row: Item): Position {
  return [String(row[INDEX_KEYS[index][1]]), row.pk, row.sk];
}

/** As DynamoDB orders text, by its bytes; for what our keys hold that is the order of code units. */
function comparePositions(one: Position, other: Position): number {
  const place = one.findIndex((part, index) => part !== other[index]);
  if (place < 0) return 0;
  return (one[place] ?? '') < (other[place] ?? '') ? -1 : 1;
}

function cloneItem(item: Item | undefined): Item | undefined {
  return item === undefined ? undefined : structuredClone(item);
}
