/** Delivers the outcome of a decided wait to its paused task. The outcome in the table is the truth; delivering it may be repeated. */

import { keys } from '../../domain/base/naming.ts';
import { WaitRecordSchema } from '../../domain/records/waits.ts';
import type { Ports } from '../../ports/ports.ts';
import { readRecord } from '../store/read.ts';
import { tryWrite } from '../store/try-write.ts';

export type CompleteTaskDeps = Pick<Ports, 'table' | 'tokens'>;

/** `closed`: the task had ended already, and the wait is done either way. */
export async function completeTask(
  deps: CompleteTaskDeps,
  id: string,
): Promise<'delivered' | 'closed' | 'nothing-to-deliver'> {
  const wait = await readRecord(deps.table, keys.wait(id), WaitRecordSchema);
  if (wait?.state !== 'decided' || wait.outcome === undefined) return 'nothing-to-deliver';

  const answer =
    wait.outcome.kind === 'success'
      ? await deps.tokens.succeed(wait.token, wait.outcome.output ?? {})
      : await deps.tokens.fail(wait.token, wait.outcome.error, wait.outcome.cause);
  // Not written where a concurrent delivery was faster, or the machine waits again with a new token, whose outcome is delivered separately.
  await tryWrite(deps.table, [
    {
      update: keys.wait(id),
      set: { state: 'delivered' },
      remove: ['duePk', 'dueSk'],
      when: { equals: { state: 'decided', token: wait.token } },
    },
  ]);
  return answer;
}
