/**
 * Stores the token of a waiting task with the resource that it waits for, and only then reads the resource: its event may have come first.
 * A registration with a new token starts the wait afresh (a retried task and the next round of a loop both do); nothing decided before is lost,
 * because the truth is read from the resource.
 */

import type * as z from 'zod';
import type { RegisterWaitInputSchema } from '../../domain/bakes/payloads.ts';
import { due, keys, waitId } from '../../domain/base/naming.ts';
import { type WaitRecord, WaitRecordSchema } from '../../domain/records/waits.ts';
import { findWaitKind } from '../../domain/waits/lookup.ts';
import { SWEEP_SECONDS, secondsUntilCheck } from '../../domain/waits/wake.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Item, WriteCondition } from '../../ports/table.ts';
import { readOpenAttempt } from '../store/bakes.ts';
import { readRecord } from '../store/read.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import { type CheckWaitDeps, checkWait } from './check-wait.ts';

export type RegisterWaitDeps = CheckWaitDeps & Pick<Ports, 'wakeQueue'>;
export type RegisterWaitInput = z.output<typeof RegisterWaitInputSchema>;

export async function registerWait(deps: RegisterWaitDeps, input: RegisterWaitInput): Promise<void> {
  await readOpenAttempt(deps, input);
  const id = waitId(input.kind, input.resource);
  await storeWait(deps, id, input);
  const state = await checkWait(deps, id);
  if (state === 'pending' && findWaitKind(input.kind).polled) {
    await deps.wakeQueue.send({ wait: id, round: 1 }, secondsUntilCheck(0));
  }
}

async function storeWait(deps: RegisterWaitDeps, id: string, input: RegisterWaitInput): Promise<void> {
  await retryOnConflict(`The wait ${id} kept changing while it was registered.`, async () => {
    const existing = await readRecord(deps.table, keys.wait(id), WaitRecordSchema);
    // A repeat of the same invocation: the wait that it stored stands, delivered or not.
    if (existing?.token === input.token) return;
    await deps.table.write([{ put: toWaitItem(deps, id, input), when: toUnchangedCondition(existing) }]);
  });
}

function toUnchangedCondition(existing: WaitRecord | undefined): WriteCondition {
  if (existing === undefined) return { exists: false };
  return { equals: { token: existing.token, state: existing.state } };
}

function toWaitItem(
  deps: RegisterWaitDeps,
  id: string,
  { timeoutSeconds, ...wait }: RegisterWaitInput,
): Item {
  const now = deps.clock.now().getTime();
  const at = (seconds: number) => new Date(now + seconds * 1000).toISOString();
  const record: WaitRecord = {
    ...wait,
    id,
    state: 'pending',
    createdAt: at(0),
    expiresAt: at(timeoutSeconds),
  };
  return { ...keys.wait(id), ...record, duePk: due.wait, dueSk: at(SWEEP_SECONDS) };
}
