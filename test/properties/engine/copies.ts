/** Copies of a world's table at one moment, to try on what might have been. */
import type { Key } from '../../../shared/domain/base/naming.ts';
import type { Item } from '../../../shared/ports/table.ts';
import { type ReconcileWorld, reconcileWorld } from '../../support/reconcile-world.ts';

const WRITE_BATCH_SIZE = 100;
/** Every fake clock begins there. */
const CLOCK_START = Date.parse('2026-03-02T08:00:00.000Z');

/** A world with these rows, at that time. No queue has a pipeline, and nothing is due: only what a test calls happens. */
export async function createWorldCopy(rows: readonly Item[], at: number): Promise<ReconcileWorld> {
  const copy = reconcileWorld();
  copy.clock.forward((at - CLOCK_START) / 1000);
  // Ids go on behind those that are taken.
  const puts = rows.map(({ duePk: _pk, dueSk: _sk, ...row }) => ({ put: row as Item }));
  for (let start = 0; start < puts.length; start += WRITE_BATCH_SIZE)
    await copy.table.write(puts.slice(start, start + WRITE_BATCH_SIZE));
  const { ids } = copy.ports;
  const { next } = ids;
  ids.next = () => next().replace('01JTEST', '01JVEST');
  return copy;
}

/** Changes a row without a condition. */
export async function updateRow(
  { table }: ReconcileWorld,
  { pk, sk }: Key,
  set: Readonly<Record<string, unknown>>,
  remove: readonly string[] = [],
): Promise<void> {
  const gone = remove.filter((name) => !(name in set));
  await table.write([{ update: { pk, sk }, set, remove: gone }]);
}
