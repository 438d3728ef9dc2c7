/** Backup for lost events and stream records: due waits are checked again, and decided waits that were not delivered are delivered. */
import { due, keys } from '../../domain/base/naming.ts';
import { WaitRecordSchema } from '../../domain/records/waits.ts';
import { SWEEP_SECONDS } from '../../domain/waits/wake.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Table, WriteConflict } from '../../ports/table.ts';
import type { WakeQueue } from '../../ports/wake-queue.ts';

export interface SweepWaitsDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly wakeQueue: WakeQueue;
}

/** A round with no delayed message after it: from then on the sweep checks as often. */
const LAST_ROUND = 99;

/** How many waits are checked again, and how many outcomes are delivered again. */
export async function sweepWaits(
  deps: SweepWaitsDeps,
  limit = 500,
): Promise<{ checksRequested: number; redelivered: number }> {
  const counts = { checksRequested: 0, redelivered: 0 };
  const upTo = deps.clock.now().toISOString();
  let after: string | undefined;
  do {
    const page = await deps.table.query({
      index: 'due',
      pk: due.wait,
      upTo,
      limit: 100,
      ...(after === undefined ? {} : { after }),
    });
    for (const item of page.items) {
      const wait = WaitRecordSchema.parse(item);
      if (!(await postponeWait(deps, wait.id, wait.state))) continue;
      if (wait.state !== 'pending') counts.redelivered += 1;
      else {
        await deps.wakeQueue.send({ wait: wait.id, round: LAST_ROUND }, 0);
        counts.checksRequested += 1;
      }
    }
    after = page.cursor;
  } while (after !== undefined && counts.checksRequested + counts.redelivered < limit);
  return counts;
}

/** False when the row changed meanwhile. The write puts the row on the table's stream again, which delivers a decided wait: the sweep may not complete tasks. */
async function postponeWait(deps: SweepWaitsDeps, id: string, state: string): Promise<boolean> {
  const dueSk = new Date(deps.clock.now().getTime() + SWEEP_SECONDS * 1000).toISOString();
  try {
    await deps.table.write([
      { update: keys.wait(id), set: { dueSk }, when: { exists: true, equals: { state } } },
    ]);
    return true;
  } catch (error) {
    if (!(error instanceof WriteConflict)) throw error;
    return false;
  }
}
