import * as z from 'zod';
import { clock, digest, ids } from '../../shared/lambda/deps/basics.ts';
import { documents } from '../../shared/lambda/deps/documents.ts';
import { findingHints } from '../../shared/lambda/deps/finding-hints.ts';
import { findings } from '../../shared/lambda/deps/findings.ts';
import { limits } from '../../shared/lambda/deps/limits.ts';
import { planQueue } from '../../shared/lambda/deps/plan-queue.ts';
import { quickSelectorResolver } from '../../shared/lambda/deps/quick-selector-resolver.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { workflows } from '../../shared/lambda/deps/workflows.ts';
import { lazy } from '../../shared/lambda/lazy.ts';
import { queueLambda } from '../../shared/lambda/queue-lambda.ts';
import { tellNoticed } from '../../shared/lambda/tell-noticed.ts';
import type { Memory } from '../../shared/use-cases/noticing/notice-ahead.ts';
import { noticeHint } from '../../shared/use-cases/noticing/notice-hint.ts';
import type { Looks } from '../../shared/use-cases/noticing/notice-once.ts';

const memory = lazy((): Memory => new Map());
const looks = lazy((): Looks => new Map());

export const handler = queueLambda({
  message: z.unknown(),
  deps: () => ({
    table: table(),
    clock,
    ids: ids(),
    digest,
    limits: limits(),
    planQueue: planQueue(),
    resolver: quickSelectorResolver(),
    workflows: workflows(),
    findings: findings(),
    findingHints: findingHints(),
    documents: documents(),
    memory: memory(),
    looks: looks(),
  }),
  run: async (deps, body, sentAt) => tellNoticed(await noticeHint(deps, body, sentAt)),
});
