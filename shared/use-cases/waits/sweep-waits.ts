/** The net below events and streams: due waits are checked again, and decided waits whose delivery was lost are delivered. */
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

/** How many checks were requested, and how many deliveries. */
export async function sweepWaits(
  deps: SweepWaitsDeps,
  limit = 500,
): Promise<{ asked: number; nudged: number }> {
  const counts = { asked: 0, nudged: 0 };
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
      if (wait.state !== 'pending') counts.nudged += 1;
      else {
        await deps.wakeQueue.send({ wait: wait.id, round: 99 }, 0);
        counts.asked += 1;
      }
    }
    after = page.cursor;
  } while (after !== undefined && counts.asked + counts.nudged < limit);
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
