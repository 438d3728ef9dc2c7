/**
 * Confirms a wave that is larger than may start by itself. The pipelines that it held are listed under its change and are enqueued at once; a
 * second look a minute later finds those that the index did not show yet, and those that a crash left behind.
 */

import { ChangeNotFound, NothingToConfirm } from '../../domain/base/errors.ts';
import { due, keys, lists } from '../../domain/base/naming.ts';
import { type ChangeRecord, ChangeRecordSchema } from '../../domain/records/selectors.ts';
import { PipelineStatusSchema, WaveRecordSchema } from '../../domain/records/status.ts';
import type { Ports } from '../../ports/ports.ts';
import { enqueuePipelines } from '../graph/enqueue-dependents.ts';
import { readDue, readPages, readRecord } from '../store/read.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import { dirtyAt } from '../store/status.ts';
import { tryWrite } from '../store/try-write.ts';

export type ConfirmWaveDeps = Pick<Ports, 'table' | 'clock' | 'reconcileQueue'>;

const CHECK_AGAIN_SECONDS = 60;
const HELD_AT_ONCE = 50;
const WAVES_AT_ONCE = 20;

/** The change with its confirmation. Confirming twice changes nothing: the first one counts. */
export async function confirmWave(
  deps: ConfirmWaveDeps,
  request: { readonly change: string; readonly by: string },
): Promise<ChangeRecord> {
  const failure = `Change ${request.change} kept changing while its wave was confirmed; try again.`;
  const confirmed = await retryOnConflict(failure, async () => {
    const change = await readRecord(deps.table, keys.change(request.change), ChangeRecordSchema);
    if (change === undefined) throw new ChangeNotFound(request.change);
    if (change.wave === undefined)
      throw new NothingToConfirm(
        `Change ${change.id} needs no confirmation: it leads to no more bakes than start by themselves.`,
        { change: change.id },
      );
    return recordConfirmation(deps, change, request.by);
  });
  await enqueueHeld(deps, confirmed.id);
  return confirmed;
}

/** The change with its confirmation. Throws WriteConflict when another write came first. */
async function recordConfirmation(
  deps: ConfirmWaveDeps,
  change: ChangeRecord,
  by: string,
): Promise<ChangeRecord> {
  if (change.wave === undefined || change.wave.confirmed !== undefined) return change;
  const now = deps.clock.now();
  const at = now.toISOString();
  const wave = { ...change.wave, confirmed: { by, at } };
  const dueSk = new Date(now.getTime() + CHECK_AGAIN_SECONDS * 1000).toISOString();
  await deps.table.write([
    {
      update: keys.wave(change.id),
      set: { duePk: due.confirmed, dueSk },
      remove: ['listPk', 'listSk'],
      when: { equals: { listPk: lists.waves } },
    },
    { update: keys.change(change.id), set: { wave }, when: { exists: true } },
  ]);
  return { ...change, wave };
}

/** The last look at waves that were confirmed a while ago. */
export async function sweepConfirmedWaves(deps: ConfirmWaveDeps): Promise<number> {
  const waves = await readDue(deps, due.confirmed, WaveRecordSchema, WAVES_AT_ONCE);
  for (const { change } of waves) {
    await enqueueHeld(deps, change);
    await deps.table.write([
      { update: keys.wave(change), remove: ['duePk', 'dueSk'], when: { exists: true } },
    ]);
  }
  return waves.length;
}

/** Each is marked as due before it is asked for, so that a lost message is found by the sweep. */
async function enqueueHeld(deps: ConfirmWaveDeps, change: string): Promise<void> {
  const query = { index: 'due', pk: due.wave(change), limit: HELD_AT_ONCE } as const;
  for await (const held of readPages(deps.table, query, PipelineStatusSchema)) {
    const at = deps.clock.now().toISOString();
    const marked = await Promise.all(held.map(({ pipeline }) => markDue(deps, pipeline, query.pk, at)));
    await enqueuePipelines(
      deps,
      held.flatMap(({ pipeline }, index) => (marked[index] === true ? [pipeline] : [])),
    );
  }
}

/** False where it is listed there no longer: it was reconciled or deleted meanwhile. */
function markDue(deps: ConfirmWaveDeps, pipeline: string, listedUnder: string, at: string): Promise<boolean> {
  return tryWrite(deps.table, [
    {
      update: keys.status(pipeline),
      set: dirtyAt(at),
      add: { version: 1 },
      when: { exists: true, equals: { duePk: listedUnder } },
    },
  ]);
}
