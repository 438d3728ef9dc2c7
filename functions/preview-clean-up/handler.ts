import { clock } from '../../shared/lambda/deps/basics.ts';
import { home } from '../../shared/lambda/deps/home.ts';
import { locations } from '../../shared/lambda/deps/locations.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { httpLambda } from '../../shared/lambda/http-lambda.ts';
import { lazy } from '../../shared/lambda/lazy.ts';
import { log } from '../../shared/lambda/telemetry.ts';
import { createCleanUpApi } from './app.ts';

export const handler = httpLambda(
  lazy(() =>
    createCleanUpApi({
      table: table(),
      clock,
      home: home(),
      locations: locations(),
      onError: (error) => log.error('function-failed', error),
    }),
  ),
);
