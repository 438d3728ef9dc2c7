import * as z from 'zod';
import { parseExecutionName } from '../../shared/domain/base/naming.ts';
import { correlateWith } from '../../shared/lambda/correlation.ts';
import { ids } from '../../shared/lambda/deps/basics.ts';
import { cleanUpDeps } from '../../shared/lambda/deps/clean-up.ts';
import { reconcileQueue } from '../../shared/lambda/deps/reconcile-queue.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { countMetric, log } from '../../shared/lambda/telemetry.ts';
import { finalizeBake, sweepAttempts } from '../../shared/use-cases/bakes/finalize-bake.ts';

/** Step Functions Execution Status Change (step-functions/dg/eventbridge-integration). */
const StatusChangeSchema = z.object({
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({
    name: z.string(),
    status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});
const SweepSchema = z.object({ sweep: z.literal(true) });

export const handler = lambda({
  input: z.union([StatusChangeSchema, SweepSchema]),
  deps: () => ({ ...cleanUpDeps(), ids: ids(), reconcileQueue: reconcileQueue() }),
  run: async (deps, input) => {
    if ('sweep' in input) {
      const { problems, ...counts } = await sweepAttempts(deps);
      for (const { error, ...ref } of problems) log.error('sweep-part-failed', error, ref);
      countMetric('SweepPartsFailed', problems.length);
      log.info('sweep-done', { part: 'attempts', ...counts });
      // Everything else has been done; what threw is for the alarm.
      const [first] = problems;
      if (first !== undefined) throw first.error;
      return;
    }
    const { name, status, error, cause } = input.detail;
    await correlateWith(deps, parseExecutionName(name));
    const state = await finalizeBake(deps, {
      name,
      status,
      ...(typeof error === 'string' ? { error } : {}),
      ...(typeof cause === 'string' ? { cause } : {}),
    });
    log.info('attempt-ended', { execution: name, status, state });
  },
});
