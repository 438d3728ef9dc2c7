/** Bakes that neither end nor move and that nothing mends any more: what they wait for should have been decided, or the sweep should have looked. */

import { due } from '../../domain/base/naming.ts';
import { AttemptRecordSchema } from '../../domain/records/bakes.ts';
import { WaitRecordSchema } from '../../domain/records/waits.ts';
import type { Ports } from '../../ports/ports.ts';
import { readPages } from '../store/read.ts';

/** Longer than everything that mends by itself takes. */
const OVERDUE_SECONDS = 900;

export async function countStuck(deps: Pick<Ports, 'table' | 'clock'>): Promise<number> {
  const now = deps.clock.now();
  const overdue = new Date(now.getTime() - OVERDUE_SECONDS * 1000).toISOString();
  const stuck = new Set<string>();
  const attempts = { index: 'due', pk: due.attempt, upTo: overdue } as const;
  for await (const page of readPages(deps.table, attempts, AttemptRecordSchema))
    for (const { bake } of page) stuck.add(bake);
  // A wait is looked at every minute, so its due time says nothing; its own end does.
  for await (const page of readPages(deps.table, { index: 'due', pk: due.wait }, WaitRecordSchema))
    for (const { bake, expiresAt } of page) if (expiresAt < overdue) stuck.add(bake);
  return stuck.size;
}
