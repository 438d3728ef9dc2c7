/**
 * Records that selectors have moved. Selectors of one topic move together: a base and its child that name the same component in different
 * ways must not be seen one before the other.
 */
import { due, keys, lists, parseNonSelectorChange } from '../../domain/base/naming.ts';
import {
  type ChangeRecord,
  ChangeRecordSchema,
  type SelectorRecord,
  type SelectorUserRecord,
} from '../../domain/records/selectors.ts';
import type { LeftVersion } from '../../domain/selectors/flapping.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import type { Limits } from '../../ports/limits.ts';
import type { ReconcileQueue } from '../../ports/reconcile-queue.ts';
import { MAX_WRITES, type Table, type Write } from '../../ports/table.ts';
import type { readSelectorUsers } from '../graph/dependents.ts';
import { countWave } from '../graph/wave-size.ts';
import { readMany } from '../store/read.ts';
import { fanOutChange, markWrite, toReconcileRequests } from './fan-out-change.ts';
import { WAVE_WRITES, waveWrites } from './wave-rows.ts';

export interface RecordChangesDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly limits: Pick<Limits, 'wave'>;
  readonly reconcileQueue: ReconcileQueue;
}

export type UserPage = Awaited<ReturnType<typeof readSelectorUsers>>;

/** A selector and what it means now. */
export interface DetectedChange {
  readonly row: SelectorRecord;
  readonly to: string;
  readonly detail: Readonly<Record<string, string>>;
  /** The first pipelines that use it. */
  readonly users: UserPage;
  /** For a release: the changes that its bake took up, and the first changes of their chains. */
  readonly release?: {
    readonly id: string;
    readonly changes: readonly string[];
    readonly causes: readonly string[];
  };
  /** What the row remembers of earlier moves. */
  readonly left?: readonly LeftVersion[];
}

/** A fan-out that nobody is at work on any more is found by the sweep after this. */
const FAN_OUT_SECONDS = 60;
const WRITES_OF_CHANGE = 3 + WAVE_WRITES;
const CHANGES_AT_ONCE = Math.floor(MAX_WRITES / WRITES_OF_CHANGE);
/** So many users of a selector are read with it: as many as fit into the transaction of its move. */
export const USERS_READ = 80;

/** Throws WriteConflict when a selector was moved by another writer meanwhile; the caller looks again. */
export async function recordChanges(
  deps: RecordChangesDeps,
  moves: readonly DetectedChange[],
): Promise<ChangeRecord[]> {
  if (moves.length === 0) return [];
  const now = deps.clock.now();
  const changes = await Promise.all(
    moves.map(async (move) => ({
      ...toChangeRecord(deps.ids.next(), move, now),
      ...(await countChangeWave(deps, move)),
    })),
  );
  const late = await prepareLateWaves(deps, moves);
  const users = groupUsersByPipeline(moves, changes);
  const fits = moves.every((move) => move.users.cursor === undefined);
  if (fits && moves.length * WRITES_OF_CHANGE + users.size <= MAX_WRITES) {
    await recordChangesAtOnce(deps, moves, changes, users, late);
    return changes.map((change) => ({ ...change, fanOut: 'done' }));
  }

  for (let start = 0; start < moves.length; start += CHANGES_AT_ONCE) {
    const part = moves.slice(start, start + CHANGES_AT_ONCE);
    await deps.table.write([
      ...part.flatMap((move, i) => changeWrites(deps, move, changes[start + i], now, 'open')),
      ...(start === 0 ? late : []),
    ]);
  }
  for (const change of changes) await fanOutChange(deps, change.id);
  return changes;
}

/** The wave of a first change; what a release leads to belongs to the wave that it is of. */
async function countChangeWave(
  deps: RecordChangesDeps,
  change: DetectedChange,
): Promise<Pick<ChangeRecord, 'wave'>> {
  if (change.release !== undefined && change.release.causes.length > 0) return {};
  const wave = await countWave(deps, change.row.key, change.users);
  return wave === undefined ? {} : { wave };
}

/**
 * A definition, a request and a tick bake one pipeline, which says nothing of how many are built on it: their wave is counted when that one is
 * released, and waits under the cause that people know. Who has had no release to build on was applied by somebody, one by one.
 */
async function prepareLateWaves(deps: RecordChangesDeps, moves: readonly DetectedChange[]): Promise<Write[]> {
  const writes = new Map<string, Write[]>();
  for (const { row, release, users } of moves) {
    if (release === undefined || row.version === undefined) continue;
    const changes = await readMany(deps.table, release.changes.map(keys.change), ChangeRecordSchema);
    const cause = changes.findLast((change) => change !== undefined && isSinglePipelineChange(change));
    if (cause === undefined || cause.wave !== undefined || writes.has(cause.id)) continue;
    const wave = await countWave(deps, row.key, users);
    if (wave === undefined) continue;
    writes.set(cause.id, [
      {
        update: keys.change(cause.id),
        set: { wave },
        when: { exists: true, equals: { wave: null } },
      },
      ...waveWrites(deps, { ...cause, wave }),
    ]);
  }
  return [...writes.values()].flat();
}

/** A change that is one pipeline's own. */
function isSinglePipelineChange({ selector }: ChangeRecord): boolean {
  const other = parseNonSelectorChange(selector);
  return other !== undefined && other !== 'finding';
}

interface MarkedUser {
  readonly user: SelectorUserRecord;
  readonly changes: readonly ChangeRecord[];
}

function groupUsersByPipeline(
  moves: readonly DetectedChange[],
  changes: readonly ChangeRecord[],
): Map<string, MarkedUser> {
  const users = new Map<string, MarkedUser>();
  moves.forEach((move, index) => {
    const change = changes[index];
    if (change === undefined) return;
    for (const user of move.users.users) {
      const known = users.get(user.pipeline)?.changes ?? [];
      users.set(user.pipeline, { user, changes: [...known, change] });
    }
  });
  return users;
}

/** Moves and marks in one transaction, then asks for the plans of those that were marked. */
async function recordChangesAtOnce(
  deps: RecordChangesDeps,
  moves: readonly DetectedChange[],
  changes: readonly ChangeRecord[],
  users: ReadonlyMap<string, MarkedUser>,
  late: readonly Write[],
): Promise<void> {
  const now = deps.clock.now();
  const marks = [...users.values()];
  await deps.table.write([
    ...late,
    ...moves.flatMap((change, i) => changeWrites(deps, change, changes[i], now, 'done')),
    ...marks.map((mark) => markWrite(mark.user, mark.changes, now)),
  ]);
  if (marks.length > 0) await deps.reconcileQueue.send(toReconcileRequests(marks.map(({ user }) => user)));
}

function toChangeRecord(id: string, change: DetectedChange, now: Date): ChangeRecord {
  const { row, release } = change;
  const causes = release === undefined ? [] : release.causes;
  return {
    id,
    selector: row.key,
    ...(row.version === undefined ? {} : { from: row.version }),
    to: change.to,
    at: now.toISOString(),
    cause: causes[0] ?? id,
    causes: [...causes],
    follows: [...(release?.changes ?? [])],
    ...(release === undefined ? {} : { release: release.id }),
    fanOut: 'open',
  };
}

function changeWrites(
  deps: Pick<RecordChangesDeps, 'ids'>,
  move: DetectedChange,
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
      set: {
        version: move.to,
        detail: move.detail,
        change: change.id,
        since: at,
        checkedAt: at,
        ...(move.left === undefined ? {} : { leftVersions: move.left }),
      },
      remove: ['problem', 'unsettled', 'duePk', 'dueSk'],
      when: {
        exists: true,
        equals: {
          version: move.row.version ?? null,
          change: move.row.change ?? null,
          // Whoever has begun to use it since it was read must be marked, too; an open fan-out lists them after the move.
          ...(fanOut === 'done' ? { uses: move.row.uses ?? null, namedAt: move.row.namedAt ?? null } : {}),
        },
      },
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
    ...waveWrites(deps, change),
  ];
}
