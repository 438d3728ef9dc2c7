import { keys, waitId } from '../../domain/base/naming.ts';
import { WaitRecordSchema } from '../../domain/records/waits.ts';
import type { WaitKindName } from '../../domain/waits/lookup.ts';
import type { WaitOutcome } from '../../domain/waits/wait.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Write } from '../../ports/table.ts';
import { readRecord } from '../store/read.ts';
import { recordWaitOutcome } from './check-wait.ts';

/**
 * The write that ends the wait for a resource, for the transaction that settles the resource. The machine may not have registered its wait yet:
 * registering then finds what was settled.
 */
export async function prepareWaitEnd(
  deps: Pick<Ports, 'table'>,
  kind: WaitKindName,
  resource: string,
  outcome: WaitOutcome,
  now: Date,
): Promise<Write> {
  const key = keys.wait(waitId(kind, resource));
  const wait = await readRecord(deps.table, key, WaitRecordSchema);
  if (wait?.state === 'pending') return recordWaitOutcome(wait, outcome, now);
  return { check: key, when: wait === undefined ? { exists: false } : { equals: { state: wait.state } } };
}
