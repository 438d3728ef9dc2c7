/** The rows that a selector's change is recorded with, for one transaction: the selector, the change and, where it is too large, its wave. */

import { keys } from '../../domain/base/naming.ts';
import type { ChangeRecord, SelectorRecord } from '../../domain/records/selectors.ts';
import type { LeftVersion } from '../../domain/selectors/flapping.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Write } from '../../ports/table.ts';
import { changeWrite } from '../store/changes.ts';
import { WAVE_WRITES, waveWrites } from './wave-rows.ts';

/** At most so many writes for one change. */
export const WRITES_OF_CHANGE = 2 + WAVE_WRITES;

/** A selector's row as it was read, and the version that it has now. */
export interface SelectorMove {
  readonly row: SelectorRecord;
  readonly to: string;
  readonly detail: Readonly<Record<string, string>>;
  /** The versions that it has left lately. */
  readonly left?: readonly LeftVersion[];
}

/** A selector's first change has no chain; the change of a release continues those that its bake took up. */
export function toChangeRecord(
  { row, to }: SelectorMove,
  identity: Pick<ChangeRecord, 'id' | 'at'>,
  chain: Partial<Pick<ChangeRecord, 'causes' | 'follows' | 'release'>> = {},
): ChangeRecord {
  const { id, at } = identity;
  return {
    id,
    selector: row.key,
    ...(row.version === undefined ? {} : { from: row.version }),
    to,
    at,
    cause: chain.causes?.[0] ?? id,
    causes: [],
    follows: [],
    ...chain,
    fanOut: 'open',
  };
}

/** The writes lose when another writer has changed the selector since its row was read. */
export function selectorChangeWrites(
  deps: Pick<Ports, 'ids'>,
  { row, to, detail, left }: SelectorMove,
  change: ChangeRecord,
): Write[] {
  const { id, at, fanOut } = change;
  return [
    {
      update: keys.selector(row.key),
      set: {
        version: to,
        detail,
        change: id,
        since: at,
        checkedAt: at,
        leftVersions: left,
      },
      remove: ['problem', 'unsettled', 'duePk', 'dueSk'],
      when: {
        exists: true,
        equals: {
          version: row.version ?? null,
          change: row.change ?? null,
          // A pipeline that has begun to use the selector since must be marked too; an open fan-out lists the dependents afterwards.
          ...(fanOut === 'done' ? { uses: row.uses ?? null, namedAt: row.namedAt ?? null } : {}),
        },
      },
    },
    changeWrite(change),
    ...waveWrites(deps, change),
  ];
}
