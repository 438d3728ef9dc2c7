import * as z from 'zod';
import { findingHints } from '../../shared/lambda/deps/finding-hints.ts';
import { hintQueue } from '../../shared/lambda/deps/hint-queue.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { log } from '../../shared/lambda/telemetry.ts';
import { reconcileSelectors } from '../../shared/use-cases/reconcile-selectors.ts';

export const handler = lambda({
  input: z.unknown(),
  deps: () => ({ table: table(), hintQueue: hintQueue(), findingHints: findingHints() }),
  run: async (deps) => {
    const counts = await reconcileSelectors(deps);
    log.info('reconcile-done', counts);
    return counts;
  },
});
