/**
 * Records that selectors have moved. Selectors of one topic move together: a base and its child that name the same component in different
 * ways must not be seen one before the other.
 */
import { due, keys, lists } from '../domain/naming.ts';
import type { ChangeRecord, SelectorRecord, SelectorUserRecord } from '../domain/records.ts';
import { type Ids, MAX_WRITES, type Write } from '../ports.ts';
import { type FanOutDeps, fanOutChange, markWrite, planRequests, usersOf } from './fan-out-change.ts';

export interface RecordMovesDeps extends FanOutDeps {
  readonly ids: Ids;
}

/** A selector and what it means now. */
export interface Move {
  readonly row: SelectorRecord;
  readonly to: string;
  readonly detail: Readonly<Record<string, string>>;
  /** For a release: the changes that its bake took up, and the first changes of their chains. */
  readonly release?: {
    readonly id: string;
    readonly changes: readonly string[];
    readonly causes: readonly string[];
  };
}

/** A fan-out that nobody is at work on any more is found by the sweep after this. */
const FAN_OUT_SECONDS = 60;
const USERS_IN_MOVE = 80;
const MOVES_AT_ONCE = 40;

/** Throws WriteConflict when a selector was moved by somebody else meanwhile; nothing was written then, and the caller looks again. */
export async function recordMoves(deps: RecordMovesDeps, moves: readonly Move[]): Promise<ChangeRecord[]> {
  if (moves.length === 0) return [];
  const now = deps.clock.now();
  const changes = moves.map((move) => changeOf(deps.ids.next(), move, now));
  const pages = await Promise.all(
    moves.map((move) => usersOf(deps.table, move.row.key, { limit: USERS_IN_MOVE })),
  );
  const users = new Map<string, { user: SelectorUserRecord; changes: string[] }>();
  pages.forEach((page, index) => {
    const change = changes[index];
    if (change === undefined) return;
    for (const user of page.users) {
      const known = users.get(user.pipeline);
      users.set(user.pipeline, { user, changes: [...(known?.changes ?? []), change.id] });
    }
  });

  const fits = pages.every((page) => page.cursor === undefined);
  if (fits && moves.length * 2 + users.size <= MAX_WRITES) {
    const marks = [...users.values()].map((mark) => markWrite(mark.user, mark.changes, now));
    await deps.table.write([
      ...moves.flatMap((move, i) => moveWrites(move, changes[i], now, 'done')),
      ...marks,
    ]);
    await deps.planQueue.send(planRequests([...users.values()].map((mark) => mark.user)));
    return changes.map((change) => ({ ...change, fanOut: 'done' }));
  }

  for (let start = 0; start < moves.length; start += MOVES_AT_ONCE) {
    const part = moves.slice(start, start + MOVES_AT_ONCE);
    await deps.table.write(part.flatMap((move, i) => moveWrites(move, changes[start + i], now, 'open')));
  }
  for (const change of changes) await fanOutChange(deps, change.id);
  return changes;
}

function changeOf(id: string, move: Move, now: Date): ChangeRecord {
  const { row, release } = move;
  const causes = release === undefined ? [] : release.causes;
  return {
    id,
    selector: row.key,
    ...(row.version === undefined ? {} : { from: row.version }),
    to: move.to,
    at: now.toISOString(),
    cause: causes[0] ?? id,
    causes: [...causes],
    follows: [...(release?.changes ?? [])],
    ...(release === undefined ? {} : { release: release.id }),
    fanOut: 'open',
  };
}

function moveWrites(
  move: Move,
  change: ChangeRecord | undefined,
  now: Date,
  fanOut: ChangeRecord['fanOut'],
): Write[] {
  if (change === undefined) return [];
  const at = now.toISOString();
  const open = new Date(now.getTime() + FAN_OUT_SECONDS * 1000).toISOString();
  return [
    {
      update: keys.selector(move.row.key),
      set: { version: move.to, detail: move.detail, change: change.id, since: at, checkedAt: at },
      remove: ['problem'],
      when: { exists: true, equals: { version: move.row.version ?? null } },
    },
    {
      put: {
        ...keys.change(change.id),
        ...change,
        fanOut,
        listPk: lists.changes,
        listSk: change.id,
        ...(fanOut === 'open' ? { duePk: due.fanOut, dueSk: open } : {}),
      },
    },
  ];
}
