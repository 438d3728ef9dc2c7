import * as z from 'zod';
import { leadTimeSeconds } from '../../shared/domain/releasing/lead-time.ts';
import { IMAGE_RELEASED } from '../../shared/events/image-released.ts';
import { clock } from '../../shared/lambda/deps/basics.ts';
import { eventPublisher } from '../../shared/lambda/deps/event-publisher.ts';
import { notifier } from '../../shared/lambda/deps/notifier.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { streamLambda } from '../../shared/lambda/queue-lambda.ts';
import { countMetric, log, secondsMetric } from '../../shared/lambda/telemetry.ts';
import { publishOutbox } from '../../shared/use-cases/sweeping/publish-outbox.ts';

const OutboxRowSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    detailType: z.string(),
    published: z.literal(false),
    detail: z.looseObject({ causes: z.array(z.string()).default([]) }),
  }),
);

/** `Ovenbird Image Released` -> `ImageReleased`: the dashboard shows bakes by how they ended. */
function measure(detailType: string, causes: readonly string[]): void {
  countMetric(detailType.replace(/^Ovenbird /, '').replaceAll(' ', ''));
  const seconds = detailType === IMAGE_RELEASED ? leadTimeSeconds(causes, clock.now()) : undefined;
  if (seconds !== undefined) secondsMetric('LeadTime', seconds);
}

export const handler = streamLambda({
  deps: () => ({ table: table(), clock, publisher: eventPublisher(), notifier: notifier() }),
  run: async (deps, { after }) => {
    const row = OutboxRowSchema.safeParse(after);
    if (!row.success) return;
    const outcome = await publishOutbox(deps, row.data.id);
    if (outcome === 'published') measure(row.data.detailType, row.data.detail.causes);
    log.info('events-published', { id: row.data.id, detailType: row.data.detailType, outcome });
  },
});
