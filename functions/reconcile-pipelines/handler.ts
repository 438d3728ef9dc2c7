import * as z from 'zod';
import { correlateWith } from '../../shared/lambda/correlation.ts';
import { clock, digest, ids } from '../../shared/lambda/deps/basics.ts';
import { calendar } from '../../shared/lambda/deps/calendar.ts';
import { limits } from '../../shared/lambda/deps/limits.ts';
import { reconcileQueue } from '../../shared/lambda/deps/reconcile-queue.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { workflows } from '../../shared/lambda/deps/workflows.ts';
import { queueLambda } from '../../shared/lambda/queue-lambda.ts';
import { countMetric, log } from '../../shared/lambda/telemetry.ts';
import { reconcileIfExists } from '../../shared/use-cases/reconcile/reconcile-pipeline.ts';

export const handler = queueLambda({
  message: z.object({ pipeline: z.string().min(1) }),
  deps: () => ({
    table: table(),
    clock,
    ids: ids(),
    digest,
    calendar,
    limits: limits(),
    reconcileQueue: reconcileQueue(),
    workflows: workflows(),
  }),
  run: async (deps, { pipeline }) => {
    const outcome = await reconcileIfExists(deps, pipeline);
    const { kind, ...facts } = outcome;
    await correlateWith(deps, facts);
    switch (kind) {
      case 'started':
        log.info('bake-started', facts);
        countMetric('BakesStarted');
        break;
      case 'superseding':
        log.info('bake-superseded', { ...facts, reason: outcome.reason.message });
        break;
      case 'held':
        log.info('bake-held', facts);
        break;
      case 'gone':
        log.info('pipeline-deleted');
        break;
      case 'running':
      case 'up-to-date':
        log.info('pipeline-up-to-date', outcome);
        break;
    }
  },
});
