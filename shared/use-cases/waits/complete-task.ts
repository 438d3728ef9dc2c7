/** Delivers the outcome of a decided wait to its paused task. The outcome in the table is the truth; delivering it may be repeated. */
import { keys } from '../../domain/base/naming.ts';
import { WaitRecordSchema } from '../../domain/records/waits.ts';
import { type Table, WriteConflict } from '../../ports/table.ts';
import type { TaskTokens } from '../../ports/task-tokens.ts';

export interface CompleteTaskDeps {
  readonly table: Table;
  readonly tokens: TaskTokens;
}

/** `closed`: the task had ended already, and the wait is done either way. */
export async function completeTask(
  deps: CompleteTaskDeps,
  id: string,
): Promise<'delivered' | 'closed' | 'nothing-to-deliver'> {
  const item = await deps.table.get(keys.wait(id));
  if (item === undefined) return 'nothing-to-deliver';
  const wait = WaitRecordSchema.parse(item);
  if (wait.state !== 'decided' || wait.outcome === undefined) return 'nothing-to-deliver';

  const answer =
    wait.outcome.kind === 'success'
      ? await deps.tokens.succeed(wait.token, wait.outcome.output ?? {})
      : await deps.tokens.fail(wait.token, wait.outcome.error, wait.outcome.cause);
  try {
    await deps.table.write([
      {
        update: keys.wait(id),
        set: { state: 'delivered' },
        remove: ['duePk', 'dueSk'],
        when: { equals: { state: 'decided', token: wait.token } },
      },
    ]);
  } catch (error) {
    // A concurrent delivery was faster, or the machine waits again with a new token, whose outcome is delivered separately.
    if (!(error instanceof WriteConflict)) throw error;
  }
  return answer;
}
