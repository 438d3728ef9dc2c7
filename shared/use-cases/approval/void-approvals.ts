/** A new attempt, a cancellation or the end of a bake withdraws open requests: their links do nothing from then on. */

import { approvalId } from '../../domain/approval/approval-id.ts';
import { keys } from '../../domain/base/naming.ts';
import type { Ports } from '../../ports/ports.ts';
import { tryWrite } from '../store/try-write.ts';

export type VoidApprovalsDeps = Pick<Ports, 'table' | 'digest'>;

/** Voids the open requests of all attempts up to the given one, and answers how many there were. Settled requests stay. */
export async function voidApprovals(
  deps: VoidApprovalsDeps,
  ref: { bake: string; attempt: number },
): Promise<number> {
  let voided = 0;
  for (let attempt = 1; attempt <= ref.attempt; attempt += 1) {
    const id = approvalId(deps.digest, { bake: ref.bake, attempt });
    const isVoided = await tryWrite(deps.table, [
      {
        update: keys.approval(id),
        set: { state: 'void' },
        when: { exists: true, oneOf: { state: ['open', 'withdrawn'] } },
      },
    ]);
    if (isVoided) voided += 1;
  }
  return voided;
}
