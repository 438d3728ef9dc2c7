import * as z from 'zod';
import { correlateWith } from '../../shared/lambda/correlation.ts';
import { waitDeps } from '../../shared/lambda/deps/waits.ts';
import { queueLambda } from '../../shared/lambda/queue-lambda.ts';
import { log } from '../../shared/lambda/telemetry.ts';
import { type HandleWakeDeps, handleWake } from '../../shared/use-cases/waits/handle-wake.ts';

export const handler = queueLambda({
  // Events of several services and our own messages; the wait kinds recognise them.
  message: z.unknown(),
  deps: waitDeps,
  run: async (deps: HandleWakeDeps, message) => {
    const outcome = await handleWake({ ...deps, onWait: (wait) => correlateWith(deps, wait) }, message);
    // Most events are of builds and instances that no bake waits for; they get no line.
    if (outcome !== 'no-wait' && outcome !== 'not-ours') log.info('wait-checked', { outcome });
  },
});
