import * as z from 'zod';
import type { OutboxRecord } from '../domain/records/outbox.ts';
import { leadTimeSeconds } from '../domain/releases/lead-time.ts';
import { IMAGE_RELEASED } from '../events/image-released.ts';
import { clock } from './deps/basics.ts';
import { countMetric, secondsMetric } from './telemetry.ts';

const CausesSchema = z.lazy(() => z.array(z.string()).catch([]));

/** `Ovenbird Image Released` -> `ImageReleased`: the dashboard shows bakes by how they ended, whichever function published the event. */
export function countPublished({ detailType, detail }: OutboxRecord): void {
  countMetric(detailType.replace(/^Ovenbird /, '').replaceAll(' ', ''));
  if (detailType !== IMAGE_RELEASED) return;
  const seconds = leadTimeSeconds(CausesSchema.parse(detail.causes), clock.now());
  if (seconds !== undefined) secondsMetric('LeadTime', seconds);
}
