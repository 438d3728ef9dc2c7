import * as z from 'zod';
import { table } from '../../shared/lambda/deps/table.ts';
import { taskTokens } from '../../shared/lambda/deps/task-tokens.ts';
import { streamLambda } from '../../shared/lambda/queue-lambda.ts';
import { log } from '../../shared/lambda/telemetry.ts';
import { completeTask } from '../../shared/use-cases/waits/complete-task.ts';

/** The stream's filter passes decided waits alone. A stale record does no harm: the row is read again. */
const DecidedSchema = z.object({ id: z.string(), bake: z.string(), state: z.literal('decided') });

export const handler = streamLambda({
  deps: () => ({ table: table(), tokens: taskTokens() }),
  run: async (deps, change) => {
    const decided = DecidedSchema.safeParse(change.after);
    if (!decided.success) return;
    const outcome = await completeTask(deps, decided.data.id);
    log.info('task-completed', { bake: decided.data.bake, wait: decided.data.id, outcome });
  },
});
