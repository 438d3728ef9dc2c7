import * as z from 'zod';
import { clock } from '../../shared/lambda/deps/basics.ts';
import { findingHints } from '../../shared/lambda/deps/finding-hints.ts';
import { hintQueue } from '../../shared/lambda/deps/hint-queue.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { log } from '../../shared/lambda/telemetry.ts';
import { resyncSelectors } from '../../shared/use-cases/detect/resync-selectors.ts';

/** A schedule asks for its share; without one, everything is done. */
const InputSchema = z.object({
  part: z.number().int().nonnegative().default(0),
  of: z.number().int().positive().default(1),
});

export const handler = lambda({
  input: InputSchema,
  deps: () => ({ table: table(), clock, hintQueue: hintQueue(), findingHints: findingHints() }),
  run: async (deps, share) => {
    const counts = await resyncSelectors(deps, share);
    log.info('resync-done', { ...share, ...counts });
    return counts;
  },
});
