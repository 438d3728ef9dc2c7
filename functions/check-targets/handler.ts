import { locations } from '../../shared/lambda/deps/locations.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { httpLambda } from '../../shared/lambda/http-lambda.ts';
import { lazy } from '../../shared/lambda/lazy.ts';
import { log } from '../../shared/lambda/telemetry.ts';
import { createTargetsApi } from './app.ts';

export const handler = httpLambda(
  lazy(() =>
    createTargetsApi({
      table: table(),
      locations: locations(),
      onError: (error) => log.error('function-failed', error),
    }),
  ),
);
