import { type Table, type Write, WriteConflict } from '../../ports/table.ts';

/** False where a condition did not hold, so that nothing was written. */
export async function tryWrite(table: Pick<Table, 'write'>, writes: readonly Write[]): Promise<boolean> {
  try {
    await table.write(writes);
    return true;
  } catch (error) {
    if (!(error instanceof WriteConflict)) throw error;
    return false;
  }
}
