import * as z from 'zod';
import { lazyObject } from '../../shared/domain/base/schemas.ts';
import { clock } from '../../shared/lambda/deps/basics.ts';
import { eventPublisher } from '../../shared/lambda/deps/event-publisher.ts';
import { notifier } from '../../shared/lambda/deps/notifier.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { countPublished } from '../../shared/lambda/measure-published.ts';
import { streamLambda } from '../../shared/lambda/queue-lambda.ts';
import { log } from '../../shared/lambda/telemetry.ts';
import { type PublishDeps, publishOutbox } from '../../shared/use-cases/sweep/publish-outbox.ts';

const OutboxRowSchema = lazyObject(() => ({
  id: z.string(),
  detailType: z.string(),
  published: z.literal(false),
  detail: z.object({ causes: z.array(z.string()).optional() }),
}));

export const handler = streamLambda({
  deps: () => ({
    table: table(),
    clock,
    publisher: eventPublisher(),
    notifier: notifier(),
    onPublished: countPublished,
  }),
  run: async (deps: PublishDeps, { after }) => {
    const row = OutboxRowSchema.safeParse(after);
    if (!row.success) return;
    const { id, detailType, detail } = row.data;
    const outcome = await publishOutbox(deps, id);
    // All causes: of a bake that took up several changes every line carries the first one only.
    log.info('events-published', { id, detailType, outcome, ...detail });
  },
});
