import * as z from 'zod';
import { clock } from '../../shared/lambda/deps/basics.ts';
import { engines } from '../../shared/lambda/deps/engines.ts';
import { home } from '../../shared/lambda/deps/home.ts';
import { locations } from '../../shared/lambda/deps/locations.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { log } from '../../shared/lambda/telemetry.ts';
import {
  type CleanUpReleasesDeps,
  cleanUpReleases,
} from '../../shared/use-cases/releases/clean-up-releases.ts';

/** What is left of the function's 15 minutes is enough for the pipeline that was begun last. */
const BEGIN_FOR_MS = 600_000;
/** A line of a log holds 256 KB (AmazonCloudWatchLogs/latest/logs/cloudwatch_limits_cwl). */
const KEPT_LOGGED = 100;

export const handler = lambda({
  input: z.unknown(),
  deps: () => {
    const begun = Date.now();
    return {
      table: table(),
      clock,
      home: home(),
      engines,
      locations: locations(),
      hasTime: () => Date.now() - begun < BEGIN_FOR_MS,
    };
  },
  run: async (deps: CleanUpReleasesDeps) => {
    const { problems, kept, ...counts } = await cleanUpReleases(deps);
    for (const { pipeline, error } of problems) log.error('sweep-part-failed', error, { pipeline });
    log.info('clean-up-done', { ...counts, kept: kept.slice(0, KEPT_LOGGED) });
    // Everything else has been done; what threw is for the alarm.
    const [first] = problems;
    if (first !== undefined) throw first.error;
    return { ...counts, kept };
  },
});
