import { due, keys, lists } from '../../domain/base/naming.ts';
import type { ChangeRecord } from '../../domain/records/selectors.ts';
import type { Write } from '../../ports/table.ts';

/** The sweep finishes a fan-out that is still open after this time: its process has died. */
const FAN_OUT_SECONDS = 60;

/** The first change of a chain, where it affects one pipeline alone and so has nothing to fan out. */
export function toOwnChange(
  change: Pick<ChangeRecord, 'id' | 'selector' | 'from' | 'to' | 'at'>,
): ChangeRecord {
  return { ...change, cause: change.id, causes: [], follows: [], fanOut: 'done' };
}

/** The write that records a change and lists it; with an open fan-out it is also due for the sweep. */
export function changeWrite(change: ChangeRecord): Write {
  const { id, at, fanOut } = change;
  const dueSk = new Date(Date.parse(at) + FAN_OUT_SECONDS * 1000).toISOString();
  return {
    put: {
      ...keys.change(id),
      ...change,
      listPk: lists.changes,
      listSk: id,
      ...(fanOut === 'open' ? { duePk: due.fanOut, dueSk } : {}),
    },
  };
}
