/** Applies writes and conditions to rows in memory as the table does to its own. Pure. */
import { formatKey } from '../../domain/base/naming.ts';
import { findWriteKey, type Item, MAX_WRITES, type Write, type WriteCondition } from '../../ports/table.ts';

/** Throws for a transaction that the table refuses whatever its rows hold (amazondynamodb TransactWriteItems). */
export function checkTransaction(writes: readonly Write[]): void {
  if (writes.length > MAX_WRITES) throw new RangeError(`${writes.length} writes are too many.`);
  if (new Set(writes.map((write) => formatKey(findWriteKey(write)))).size < writes.length)
    throw new Error('A transaction takes one write of each row.');
}

export function meetsCondition(condition: WriteCondition | undefined, row: Item | undefined): boolean {
  const { exists, equals = {}, oneOf = {}, below = {} } = condition ?? {};
  if (exists !== undefined && exists !== (row !== undefined)) return false;
  const isEqual = Object.entries(equals).every(([name, wanted]) =>
    wanted === null ? row?.[name] === undefined : row?.[name] === wanted,
  );
  const isAmong = Object.entries(oneOf).every(([name, values]) =>
    values.some((value) => value === row?.[name]),
  );
  return isEqual && isAmong && Object.entries(below).every(([name, limit]) => isBelow(row?.[name], limit));
}

function isBelow(value: unknown, limit: string | number): boolean {
  if (value === undefined) return true;
  if (typeof value === 'number' && typeof limit === 'number') return value < limit;
  return typeof value === 'string' && typeof limit === 'string' && value < limit;
}

/** The row afterwards; undefined where it is gone. A check leaves it as it is. */
export function applyWrite(write: Write, row: Item | undefined): Item | undefined {
  if ('check' in write) return row;
  if ('delete' in write) return undefined;
  if ('put' in write) return toPlainRow(write.put);
  const next: Record<string, unknown> = { ...row, ...write.update };
  for (const [name, value] of Object.entries(write.set ?? {})) if (value !== undefined) next[name] = value;
  for (const [name, value] of Object.entries(write.setOnce ?? {})) next[name] ??= value;
  for (const [name, values] of Object.entries(write.append ?? {})) {
    const list = next[name];
    next[name] = [...(Array.isArray(list) ? list : []), ...values];
  }
  for (const [name, number] of Object.entries(write.add ?? {})) {
    const value = next[name];
    next[name] = (typeof value === 'number' ? value : 0) + number;
  }
  for (const name of write.remove ?? []) delete next[name];
  return toPlainRow({ ...next, ...write.update });
}

/** As the document client stores it: without undefined values, and nothing shared with the caller. */
function toPlainRow(row: Item): Item {
  return JSON.parse(JSON.stringify({ ...row, pk: row.pk, sk: row.sk }));
}
