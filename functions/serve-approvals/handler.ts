import { clock, digest } from '../../shared/lambda/deps/basics.ts';
import { documents } from '../../shared/lambda/deps/documents.ts';
import { mac } from '../../shared/lambda/deps/mac.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { env } from '../../shared/lambda/env.ts';
import { httpLambda } from '../../shared/lambda/http-lambda.ts';
import { lazy } from '../../shared/lambda/lazy.ts';
import { log } from '../../shared/lambda/telemetry.ts';
import { createApprovalPages } from './app.tsx';

export const handler = httpLambda(
  lazy(() =>
    createApprovalPages({
      table: table(),
      documents: documents(),
      mac: mac(),
      clock,
      digest,
      apiUrl: env('API_URL').API_URL,
      onDecided: ({ id, bake, state }) =>
        log.info('approval-decided', { approval: id, bake, state, via: 'link' }),
      onError: (error) => log.error('function-failed', error),
    }),
  ),
);
