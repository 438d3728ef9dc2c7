/**
 * Confirms a wave that is larger than may start by itself. The pipelines that it held are listed under its change and are enqueued at once; a
 * second look a minute later finds those that the index did not show yet, and those that a crash left behind.
 */

import { ChangeNotFound, NothingToConfirm } from '../../domain/base/errors.ts';
import { due, keys, lists } from '../../domain/base/naming.ts';
import { type ChangeRecord, ChangeRecordSchema } from '../../domain/records/selectors.ts';
import { WaveRecordSchema } from '../../domain/records/status.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ReconcileQueue } from '../../ports/reconcile-queue.ts';
import { type Table, WriteConflict } from '../../ports/table.ts';
import { readRecord } from '../store/read.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';

export interface ConfirmWaveDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly reconcileQueue: ReconcileQueue;
}

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
  const upTo = deps.clock.now().toISOString();
  const page = await deps.table.query({ index: 'due', pk: due.confirmed, upTo, limit: WAVES_AT_ONCE });
  for (const item of page.items) {
    const { change } = WaveRecordSchema.parse(item);
    await enqueueHeld(deps, change);
    await deps.table.write([
      { update: keys.wave(change), remove: ['duePk', 'dueSk'], when: { exists: true } },
    ]);
  }
  return page.items.length;
}

/** Each is marked as due before it is asked for, so that a lost message is found by the sweep. */
async function enqueueHeld(deps: ConfirmWaveDeps, change: string): Promise<void> {
  let after: string | undefined;
  do {
    const page = await deps.table.query({
      index: 'due',
      pk: due.wave(change),
      limit: HELD_AT_ONCE,
      ...(after === undefined ? {} : { after }),
    });
    const at = deps.clock.now().toISOString();
    const marked = await Promise.all(
      page.items.map((item) => markDue(deps, String(item.pipeline), due.wave(change), at)),
    );
    const names = marked.flatMap((name) => name ?? []);
    if (names.length > 0)
      await deps.reconcileQueue.send(names.map((pipeline) => ({ pipeline, delaySeconds: 0 })));
    after = page.cursor;
  } while (after !== undefined);
}

/** Undefined where it is listed there no longer: it was reconciled or deleted meanwhile. */
async function markDue(
  deps: ConfirmWaveDeps,
  pipeline: string,
  listedUnder: string,
  at: string,
): Promise<string | undefined> {
  try {
    await deps.table.write([
      {
        update: keys.status(pipeline),
        set: { dirty: true, dueAt: at, duePk: due.reconcile, dueSk: at },
        add: { version: 1 },
        when: { exists: true, equals: { duePk: listedUnder } },
      },
    ]);
    return pipeline;
  } catch (error) {
    if (!(error instanceof WriteConflict)) throw error;
    return undefined;
  }
}
