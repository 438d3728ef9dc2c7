/**
 * Records that selectors have changed. Selectors of one topic change in one transaction: a base and its child that name the same component in
 * different ways never see it one before the other.
 */
import type { ChangeRecord, SelectorUserRecord } from '../../domain/records/selectors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import type { Limits } from '../../ports/limits.ts';
import type { ReconcileQueue } from '../../ports/reconcile-queue.ts';
import { MAX_WRITES, type Table } from '../../ports/table.ts';
import type { readSelectorUsers } from '../graph/dependents.ts';
import { countWave } from '../graph/wave-size.ts';
import { fanOutChange, markWrite, toReconcileRequests } from './fan-out-change.ts';
import {
  type SelectorMove,
  selectorChangeWrites,
  toChangeRecord,
  WRITES_OF_CHANGE,
} from './selector-writes.ts';

export interface RecordChangesDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly limits: Pick<Limits, 'wave'>;
  readonly reconcileQueue: ReconcileQueue;
}

export type UserPage = Awaited<ReturnType<typeof readSelectorUsers>>;

/** A selector whose version differs from the recorded one. */
export interface DetectedChange extends SelectorMove {
  /** The first pipelines that use it. */
  readonly users: UserPage;
}

interface RecordedChange {
  readonly move: DetectedChange;
  readonly change: ChangeRecord;
}

const CHANGES_AT_ONCE = Math.floor(MAX_WRITES / WRITES_OF_CHANGE);
/** So many users of a selector are read with it: as many as fit into the transaction of its change. */
export const USERS_READ = 80;

/** Throws WriteConflict when another writer has changed a selector meanwhile; the caller looks again. */
export async function recordChanges(
  deps: RecordChangesDeps,
  moves: readonly DetectedChange[],
): Promise<ChangeRecord[]> {
  if (moves.length === 0) return [];
  const at = deps.clock.now().toISOString();
  const recorded = await Promise.all(
    moves.map(async (move): Promise<RecordedChange> => {
      const change = toChangeRecord(move, { id: deps.ids.next(), at });
      const wave = await countWave(deps, move.row.key, move.users);
      return { move, change: { ...change, ...(wave === undefined ? {} : { wave }) } };
    }),
  );
  const users = groupUsersByPipeline(recorded);
  const fits = moves.every((move) => move.users.cursor === undefined);
  if (fits && moves.length * WRITES_OF_CHANGE + users.size <= MAX_WRITES)
    return recordChangesAtOnce(deps, recorded, users);

  for (let start = 0; start < moves.length; start += CHANGES_AT_ONCE) {
    const part = recorded.slice(start, start + CHANGES_AT_ONCE);
    await deps.table.write(part.flatMap(({ move, change }) => selectorChangeWrites(deps, move, change)));
  }
  const changes = recorded.map(({ change }) => change);
  for (const { id } of changes) await fanOutChange(deps, id);
  return changes;
}

interface MarkedUser {
  readonly user: SelectorUserRecord;
  readonly changes: readonly ChangeRecord[];
}

function groupUsersByPipeline(recorded: readonly RecordedChange[]): ReadonlyMap<string, MarkedUser> {
  const users = new Map<string, MarkedUser>();
  for (const { move, change } of recorded)
    for (const user of move.users.users) {
      const known = users.get(user.pipeline)?.changes ?? [];
      users.set(user.pipeline, { user, changes: [...known, change] });
    }
  return users;
}

/** Writes changes and marks in one transaction, then enqueues the marked pipelines. */
async function recordChangesAtOnce(
  deps: RecordChangesDeps,
  recorded: readonly RecordedChange[],
  users: ReadonlyMap<string, MarkedUser>,
): Promise<ChangeRecord[]> {
  const now = deps.clock.now();
  const marks = [...users.values()];
  const done = recorded.map(({ move, change }) => ({ move, change: { ...change, fanOut: 'done' as const } }));
  await deps.table.write([
    ...done.flatMap(({ move, change }) => selectorChangeWrites(deps, move, change)),
    ...marks.map((mark) => markWrite(mark.user, mark.changes, now)),
  ]);
  if (marks.length > 0) await deps.reconcileQueue.send(toReconcileRequests(marks.map(({ user }) => user)));
  return done.map(({ change }) => change);
}
