/**
 * A wait is a state machine task that is paused on its task token. Why a pipeline is held is in domain/reconcile (holds). This reads the wait's
 * resource and records the outcome, once: events, delayed messages and the sweep call it, and the first write wins. The table's stream then
 * delivers the outcome (complete-task.ts).
 */
import { due, keys } from '../../domain/base/naming.ts';
import { type WaitRecord, WaitRecordSchema } from '../../domain/records/waits.ts';
import { findWaitKind } from '../../domain/waits/lookup.ts';
import type { WaitOutcome } from '../../domain/waits/wait.ts';
import { SWEEP_SECONDS } from '../../domain/waits/wake.ts';
import type { Write } from '../../ports/table.ts';
import { readRecord } from '../store/read.ts';
import { tryWrite } from '../store/try-write.ts';
import { WAIT_CHECKS } from './kinds/registry.ts';
import type { WaitPorts } from './kinds/wait-check.ts';

export interface CheckWaitDeps extends WaitPorts {
  /** Called with the wait before it is checked: an event does not name the bake. */
  readonly onWait?: (wait: WaitRecord) => Promise<void>;
}

/** Two rounds: an outcome whose write loses against that of an approver's decision is computed again. */
const ROUNDS = 2;

/** The state that the wait is in now; undefined for a wait that does not exist. */
export async function checkWait(deps: CheckWaitDeps, id: string): Promise<WaitRecord['state'] | undefined> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const wait = await readRecord(deps.table, keys.wait(id), WaitRecordSchema);
    if (wait === undefined) return undefined;
    await deps.onWait?.(wait);
    if (wait.state !== 'pending') return wait.state;

    const { check, expiryWrites } = WAIT_CHECKS[wait.kind];
    const seen = await check(deps, wait);
    const now = deps.clock.now();
    const expired = seen === undefined && wait.expiresAt <= now.toISOString();
    const outcome = expired ? findWaitKind(wait.kind).onTimeout(wait.resource) : seen;
    if (outcome === undefined) return 'pending';
    const more = expired ? (expiryWrites?.(wait) ?? []) : [];
    if (await tryWrite(deps.table, [recordWaitOutcome(wait, outcome, now), ...more])) return 'decided';
  }
  return 'pending';
}

/**
 * The write that records the outcome of a pending wait; an approver's decision includes it in its own transaction. The wait stays due, so that
 * the sweep finds an outcome whose delivery was lost.
 */
export function recordWaitOutcome(
  wait: Pick<WaitRecord, 'id' | 'token'>,
  outcome: WaitOutcome,
  now: Date,
): Write {
  return {
    update: keys.wait(wait.id),
    set: {
      state: 'decided',
      outcome,
      duePk: due.wait,
      dueSk: new Date(now.getTime() + SWEEP_SECONDS * 1000).toISOString(),
    },
    when: { equals: { state: 'pending', token: wait.token } },
  };
}
