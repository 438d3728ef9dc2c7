import * as z from 'zod';
import { clock, ids } from '../../shared/lambda/deps/basics.ts';
import { waveLimit } from '../../shared/lambda/deps/limits.ts';
import { reconcileQueue } from '../../shared/lambda/deps/reconcile-queue.ts';
import { selectorResolver } from '../../shared/lambda/deps/selectors.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { logDetection } from '../../shared/lambda/log-detection.ts';
import { queueLambda } from '../../shared/lambda/queue-lambda.ts';
import { handleSlowHint } from '../../shared/use-cases/detect/handle-hint.ts';

export const handler = queueLambda({
  message: z.unknown(),
  deps: () => ({
    table: table(),
    clock,
    ids: ids(),
    limits: waveLimit(),
    reconcileQueue: reconcileQueue(),
    resolver: selectorResolver(),
  }),
  run: async (deps, body) => logDetection(await handleSlowHint(deps, body)),
});
