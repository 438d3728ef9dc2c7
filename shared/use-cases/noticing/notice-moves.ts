/**
 * Records that selectors have moved. Selectors of one topic move together: a base and its child that name the same component in different
 * ways must not be seen one before the other.
 */

import { due, keys, lists, otherChange } from '../../domain/naming.ts';
import type { Seen } from '../../domain/planning/wish.ts';
import type { BakeRecord } from '../../domain/records/bakes.ts';
import {
  type ChangeRecord,
  ChangeRecordSchema,
  type SelectorRecord,
  type SelectorUserRecord,
} from '../../domain/records/selectors.ts';
import type { Left } from '../../domain/versions/flapping.ts';
import { MAX_WRITES, type PlanQueue, type Write } from '../../ports.ts';
import { takeTogether } from '../planning/plan-capacity.ts';
import { readyToLaunch } from '../planning/plan-start.ts';
import { readMany } from '../store/read.ts';
import { countWave } from './count-wave.ts';
import { fanOutChange, markWrite, planRequests, type usersOf } from './fan-out-change.ts';
import { type ExpressDeps, type ExpressRead, expressWrites } from './notice-express.ts';
import { WAVE_WRITES, waveWrites } from './wave-rows.ts';

export interface RecordMovesDeps extends ExpressDeps {
  readonly planQueue: PlanQueue;
}

export type UserPage = Awaited<ReturnType<typeof usersOf>>;

/** A selector and what it means now. */
export interface Move {
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
  readonly left?: readonly Left[];
  /** Where its wave was counted while the selector was resolved. */
  readonly counted?: { readonly wave: ChangeRecord['wave'] } | undefined;
}

/** A fan-out that nobody is at work on any more is found by the sweep after this. */
const FAN_OUT_SECONDS = 60;
const WRITES_OF_MOVE = 3 + WAVE_WRITES;
const MOVES_AT_ONCE = Math.floor(MAX_WRITES / WRITES_OF_MOVE);
/** So many users of a selector are read with it: as many as fit into the transaction of its move. */
export const USERS_READ = 80;

/**
 * Throws WriteConflict when a selector was moved by somebody else meanwhile; nothing was written then, and the caller looks again. Pipelines
 * that were read for the short way start in the same transaction if they would start at all.
 */
export async function recordMoves(
  deps: RecordMovesDeps,
  moves: readonly Move[],
  express: ExpressRead,
): Promise<ChangeRecord[]> {
  if (moves.length === 0) return [];
  const now = deps.clock.now();
  const changes = await Promise.all(
    moves.map(async (move) => ({
      ...changeOf(deps.ids.next(), move, now),
      ...(await waveOf(deps, move, express.leaves)),
    })),
  );
  const late = await lateWaves(deps, moves);
  const users = usersByName(moves, changes);
  const fits = moves.every((move) => move.users.cursor === undefined);
  if (fits && moves.length * WRITES_OF_MOVE + users.size <= MAX_WRITES) {
    await moveAtOnce(deps, moves, changes, users, express.seen, late);
    return changes.map((change) => ({ ...change, fanOut: 'done' }));
  }

  for (let start = 0; start < moves.length; start += MOVES_AT_ONCE) {
    const part = moves.slice(start, start + MOVES_AT_ONCE);
    await deps.table.write([
      ...part.flatMap((move, i) => moveWrites(deps, move, changes[start + i], now, 'open')),
      ...(start === 0 ? late : []),
    ]);
  }
  for (const change of changes) await fanOutChange(deps, change.id);
  return changes;
}

/** The wave of a first change; what a release leads to belongs to the wave that it is of. */
async function waveOf(
  deps: RecordMovesDeps,
  move: Move,
  leaves: ReadonlySet<string>,
): Promise<Pick<ChangeRecord, 'wave'>> {
  if (move.release !== undefined && move.release.causes.length > 0) return {};
  const { wave } = move.counted ?? { wave: await countWave(deps, move.row.key, move.users, leaves) };
  return wave === undefined ? {} : { wave };
}

/**
 * A definition, a request and a tick bake one pipeline, which says nothing of how many are built on it: their wave is counted when that one is
 * released, and waits under the cause that people know. Who has had no release to build on was applied by somebody, one by one.
 */
async function lateWaves(deps: RecordMovesDeps, moves: readonly Move[]): Promise<Write[]> {
  const writes = new Map<string, Write[]>();
  for (const { row, release, users } of moves) {
    if (release === undefined || row.version === undefined) continue;
    const changes = await readMany(deps.table, release.changes.map(keys.change), ChangeRecordSchema);
    const cause = changes.findLast((change) => change !== undefined && isOfOne(change));
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
function isOfOne({ selector }: ChangeRecord): boolean {
  const other = otherChange(selector);
  return other !== undefined && other !== 'finding';
}

interface Mark {
  readonly user: SelectorUserRecord;
  readonly changes: readonly ChangeRecord[];
}

function usersByName(moves: readonly Move[], changes: readonly ChangeRecord[]): Map<string, Mark> {
  const users = new Map<string, Mark>();
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

async function moveAtOnce(
  deps: RecordMovesDeps,
  moves: readonly Move[],
  changes: readonly ChangeRecord[],
  users: ReadonlyMap<string, Mark>,
  express: ReadonlyMap<string, Seen>,
  late: readonly Write[],
): Promise<void> {
  const now = deps.clock.now();
  const moved = new Map(moves.map((move) => [move.row.key, movedRow(move)]));
  const started: BakeRecord[] = [];
  const marked: SelectorUserRecord[] = [];
  const writes = [...late, ...moves.flatMap((move, i) => moveWrites(deps, move, changes[i], now, 'done'))];
  for (const { user, changes: own } of users.values()) {
    const seen = express.get(user.pipeline);
    const start = seen === undefined ? undefined : await expressWrites(deps, seen, moved, own);
    if (start === undefined) {
      writes.push(markWrite(user, own, now));
      marked.push(user);
    } else {
      writes.push(...start.writes);
      started.push(start.bake);
    }
  }
  const launches = started.map((bake) => readyToLaunch(deps, bake));
  await deps.table.write(oneEach(writes));
  await Promise.all([
    ...launches.map((launch) => launch()),
    ...(marked.length > 0 ? [deps.planQueue.send(planRequests(marked))] : []),
  ]);
}

/** Two pipelines may check the same selector; a transaction takes one write of each row. */
function oneEach(writes: readonly Write[]): Write[] {
  const checks = new Map(
    writes.flatMap((write) => ('check' in write ? [[write.check.pk + write.check.sk, write]] : [])),
  );
  return takeTogether([...writes.filter((write) => !('check' in write)), ...checks.values()]);
}

function movedRow(move: Move): SelectorRecord {
  return { ...move.row, version: move.to, detail: { ...move.detail } };
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
  deps: Pick<RecordMovesDeps, 'ids'>,
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
      set: {
        version: move.to,
        detail: move.detail,
        change: change.id,
        since: at,
        checkedAt: at,
        ...(move.left === undefined ? {} : { left: move.left }),
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
