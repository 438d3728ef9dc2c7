import * as z from 'zod';
import { clock, ids } from '../../shared/lambda/deps/basics.ts';
import { documents } from '../../shared/lambda/deps/documents.ts';
import { findingHints } from '../../shared/lambda/deps/finding-hints.ts';
import { findings } from '../../shared/lambda/deps/findings.ts';
import { hintQueue } from '../../shared/lambda/deps/hint-queue.ts';
import { home } from '../../shared/lambda/deps/home.ts';
import { waveLimit } from '../../shared/lambda/deps/limits.ts';
import { reconcileQueue } from '../../shared/lambda/deps/reconcile-queue.ts';
import { fastSelectorResolver } from '../../shared/lambda/deps/selectors.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { logDetection } from '../../shared/lambda/log-detection.ts';
import { queueLambda } from '../../shared/lambda/queue-lambda.ts';
import { handleHint } from '../../shared/use-cases/detect/handle-hint.ts';

export const handler = queueLambda({
  message: z.unknown(),
  deps: () => ({
    table: table(),
    clock,
    ids: ids(),
    limits: waveLimit(),
    reconcileQueue: reconcileQueue(),
    hintQueue: hintQueue(),
    home: home(),
    resolver: fastSelectorResolver(),
    findings: findings(),
    findingHints: findingHints(),
    documents: documents(),
  }),
  run: async (deps, body) => logDetection(await handleHint(deps, body)),
});
