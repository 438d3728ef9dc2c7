/** Backup for lost events and stream records: due waits are checked again, and decided waits that were not delivered are delivered. */

import { due, keys } from '../../domain/base/naming.ts';
import { WaitRecordSchema } from '../../domain/records/waits.ts';
import { SWEEP_ROUND, SWEEP_SECONDS } from '../../domain/waits/wake.ts';
import type { Ports } from '../../ports/ports.ts';
import { readDue } from '../store/read.ts';
import { tryWrite } from '../store/try-write.ts';

export type SweepWaitsDeps = Pick<Ports, 'table' | 'clock' | 'wakeQueue'>;

const WAITS_AT_ONCE = 500;

/** How many waits are checked again, and how many outcomes are delivered again. */
export async function sweepWaits(
  deps: SweepWaitsDeps,
): Promise<{ checksRequested: number; redelivered: number }> {
  const counts = { checksRequested: 0, redelivered: 0 };
  for (const wait of await readDue(deps, due.wait, WaitRecordSchema, WAITS_AT_ONCE)) {
    if (!(await postponeWait(deps, wait.id, wait.state))) continue;
    if (wait.state !== 'pending') counts.redelivered += 1;
    else {
      await deps.wakeQueue.send({ wait: wait.id, round: SWEEP_ROUND }, 0);
      counts.checksRequested += 1;
    }
  }
  return counts;
}

/** False when the row changed meanwhile. The write puts the row on the table's stream again, which delivers a decided wait: the sweep may not complete tasks. */
async function postponeWait(deps: SweepWaitsDeps, id: string, state: string): Promise<boolean> {
  const dueSk = new Date(deps.clock.now().getTime() + SWEEP_SECONDS * 1000).toISOString();
  return tryWrite(deps.table, [
    { update: keys.wait(id), set: { dueSk }, when: { exists: true, equals: { state } } },
  ]);
}
