import * as z from 'zod';
import { clock, digest, ids } from '../../shared/lambda/deps/basics.ts';
import { calendar } from '../../shared/lambda/deps/calendar.ts';
import { limits } from '../../shared/lambda/deps/limits.ts';
import { planQueue } from '../../shared/lambda/deps/plan-queue.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { workflows } from '../../shared/lambda/deps/workflows.ts';
import { queueLambda } from '../../shared/lambda/queue-lambda.ts';
import { countMetric, log } from '../../shared/lambda/telemetry.ts';
import { planIfThere } from '../../shared/use-cases/planning/plan-pipeline.ts';

export const handler = queueLambda({
  message: z.object({ pipeline: z.string().min(1) }),
  deps: () => ({
    table: table(),
    clock,
    ids: ids(),
    digest,
    calendar,
    limits: limits(),
    planQueue: planQueue(),
    workflows: workflows(),
  }),
  run: async (deps, { pipeline }) => {
    const outcome = await planIfThere(deps, pipeline);
    switch (outcome.kind) {
      case 'started':
        log.info('bake-started', { pipeline, bake: outcome.bake, reason: outcome.reason });
        countMetric('BakesStarted');
        break;
      case 'superseding':
        log.info('bake-superseded', { pipeline, bake: outcome.bake, reason: outcome.reason });
        break;
      case 'held':
        log.info('bake-held', { pipeline, reasons: outcome.reasons });
        break;
      case 'gone':
        log.info('pipeline-gone', { pipeline });
        break;
      case 'running':
      case 'current':
        log.info('pipeline-current', { pipeline, ...outcome });
        break;
    }
  },
});
