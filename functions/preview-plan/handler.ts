import { baseImages } from '../../shared/lambda/deps/base-images.ts';
import { clock, digest, ids } from '../../shared/lambda/deps/basics.ts';
import { calendar } from '../../shared/lambda/deps/calendar.ts';
import { components } from '../../shared/lambda/deps/components.ts';
import { controlLocations } from '../../shared/lambda/deps/control-locations.ts';
import { home } from '../../shared/lambda/deps/home.ts';
import { instanceTypes } from '../../shared/lambda/deps/instance-types.ts';
import { limits } from '../../shared/lambda/deps/limits.ts';
import { placements } from '../../shared/lambda/deps/placements.ts';
import { selectorResolver } from '../../shared/lambda/deps/selectors.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { targetAccounts } from '../../shared/lambda/deps/target-accounts.ts';
import { httpLambda } from '../../shared/lambda/http-lambda.ts';
import { lazy } from '../../shared/lambda/lazy.ts';
import { log } from '../../shared/lambda/telemetry.ts';
import { createPreviewApi } from './app.ts';

export const handler = httpLambda(
  lazy(() =>
    createPreviewApi({
      table: table(),
      clock,
      calendar,
      ids: ids(),
      digest,
      limits: limits(),
      home: home(),
      locations: controlLocations(),
      baseImages: baseImages(),
      components: components(),
      targetAccounts: targetAccounts(),
      instanceTypes: instanceTypes(),
      placements: placements(),
      resolver: selectorResolver(),
      onError: (error) => log.error('function-failed', error),
    }),
  ),
);
