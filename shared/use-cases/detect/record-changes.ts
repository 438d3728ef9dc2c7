/**
 * Records that selectors have changed. Selectors of one topic change in one transaction: a base and its child that name the same component in
 * different ways never see it one before the other.
 */

import type { ChangeRecord, SelectorDependentRecord } from '../../domain/records/selectors.ts';
import type { Limits } from '../../ports/limits.ts';
import type { Ports } from '../../ports/ports.ts';
import { MAX_WRITES } from '../../ports/table.ts';
import { countWave } from '../graph/wave-size.ts';
import type { RecordPage } from '../store/read.ts';
import { fanOutChange, markWrite, toReconcileRequests } from './fan-out-change.ts';
import {
  type SelectorMove,
  selectorChangeWrites,
  toChangeRecord,
  WRITES_OF_CHANGE,
} from './selector-writes.ts';

export interface RecordChangesDeps extends Pick<Ports, 'table' | 'clock' | 'ids' | 'reconcileQueue'> {
  readonly limits: Pick<Limits, 'wave'>;
}

/** A selector whose version differs from the recorded one. */
export interface DetectedChange extends SelectorMove {
  /** The first pipelines that use it. */
  readonly dependents: RecordPage<SelectorDependentRecord>;
}

interface RecordedChange {
  readonly move: DetectedChange;
  readonly change: ChangeRecord;
}

const CHANGES_AT_ONCE = Math.floor(MAX_WRITES / WRITES_OF_CHANGE);
/** So many dependents of a selector are read with it: as many as fit into the transaction of its change. */
export const DEPENDENTS_READ = 80;

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
      const wave = await countWave(deps, move.row.key, move.dependents);
      return { move, change: { ...change, ...(wave === undefined ? {} : { wave }) } };
    }),
  );
  const dependents = groupDependentsByPipeline(recorded);
  const fits = moves.every((move) => move.dependents.cursor === undefined);
  if (fits && moves.length * WRITES_OF_CHANGE + dependents.size <= MAX_WRITES)
    return recordChangesAtOnce(deps, recorded, dependents);

  for (let start = 0; start < moves.length; start += CHANGES_AT_ONCE) {
    const part = recorded.slice(start, start + CHANGES_AT_ONCE);
    await deps.table.write(part.flatMap(({ move, change }) => selectorChangeWrites(deps, move, change)));
  }
  const changes = recorded.map(({ change }) => change);
  for (const { id } of changes) await fanOutChange(deps, id);
  return changes;
}

interface MarkedDependent {
  readonly dependent: SelectorDependentRecord;
  readonly changes: readonly ChangeRecord[];
}

function groupDependentsByPipeline(
  recorded: readonly RecordedChange[],
): ReadonlyMap<string, MarkedDependent> {
  const dependents = new Map<string, MarkedDependent>();
  for (const { move, change } of recorded)
    for (const dependent of move.dependents.items) {
      const known = dependents.get(dependent.pipeline)?.changes ?? [];
      dependents.set(dependent.pipeline, { dependent, changes: [...known, change] });
    }
  return dependents;
}

/** Writes changes and marks in one transaction, then enqueues the marked pipelines. */
async function recordChangesAtOnce(
  deps: RecordChangesDeps,
  recorded: readonly RecordedChange[],
  dependents: ReadonlyMap<string, MarkedDependent>,
): Promise<ChangeRecord[]> {
  const now = deps.clock.now();
  const marks = [...dependents.values()];
  const done = recorded.map(({ move, change }) => ({ move, change: { ...change, fanOut: 'done' as const } }));
  await deps.table.write([
    ...done.flatMap(({ move, change }) => selectorChangeWrites(deps, move, change)),
    ...marks.map((mark) => markWrite(mark.dependent, mark.changes, now)),
  ]);
  if (marks.length > 0)
    await deps.reconcileQueue.send(toReconcileRequests(marks.map(({ dependent }) => dependent)));
  return done.map(({ change }) => change);
}
