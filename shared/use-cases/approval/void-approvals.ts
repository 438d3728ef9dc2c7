/** A new attempt, a cancellation or the end of a bake withdraws open requests: their links do nothing from then on. */
import { approvalId } from '../../domain/approval/approval-id.ts';
import { keys } from '../../domain/base/naming.ts';
import type { Digest } from '../../ports/ids.ts';
import { type Table, WriteConflict } from '../../ports/table.ts';

export interface VoidApprovalsDeps {
  readonly table: Table;
  readonly digest: Digest;
}

/** Voids the open requests of all attempts up to the given one, and answers how many there were. Settled requests stay. */
export async function voidApprovals(
  deps: VoidApprovalsDeps,
  ref: { bake: string; attempt: number },
): Promise<number> {
  let voided = 0;
  for (let attempt = 1; attempt <= ref.attempt; attempt += 1) {
    const id = approvalId(deps.digest, { bake: ref.bake, attempt });
    try {
      await deps.table.write([
        {
          update: keys.approval(id),
          set: { state: 'void' },
          when: { exists: true, equals: { state: 'open' } },
        },
      ]);
      voided += 1;
    } catch (error) {
      // The attempt has no request, or it is settled.
      if (!(error instanceof WriteConflict)) throw error;
    }
  }
  return voided;
}
