import { BakeRefSchema } from '../../shared/domain/bakes/payloads.ts';
import { clock, digest, ids } from '../../shared/lambda/deps/basics.ts';
import { waveLimit } from '../../shared/lambda/deps/limits.ts';
import { reconcileQueue } from '../../shared/lambda/deps/reconcile-queue.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { log } from '../../shared/lambda/telemetry.ts';
import { releaseImage } from '../../shared/use-cases/releases/release-image.ts';

export const handler = lambda({
  input: BakeRefSchema,
  deps: () => ({
    table: table(),
    clock,
    digest,
    ids: ids(),
    limits: waveLimit(),
    reconcileQueue: reconcileQueue(),
  }),
  run: async (deps, input) => {
    const released = await releaseImage(deps, input);
    log.info('released', released);
    return released;
  },
});
