import { decodeTime, isValid } from 'ulid';
import * as z from 'zod';
import type { OutboxRecord } from '../domain/records/outbox.ts';
import { IMAGE_RELEASED } from '../events/image-released.ts';
import { clock } from './deps/basics.ts';
import { countMetric, secondsMetric } from './telemetry.ts';

const CausesSchema = z.lazy(() => z.array(z.string()).catch([]));

/**
 * `Ovenbird Image Released` -> `ImageReleased`: the dashboard shows bakes by how they ended, whichever function published the event. A bake that a
 * person rejected, or whose approval expired, is no failure: an alarm stands on those.
 */
export function nameMetric({ detailType, detail }: Pick<OutboxRecord, 'detailType' | 'detail'>): string {
  const name = detailType.replace(/^Ovenbird /, '').replaceAll(' ', '');
  if (detail.state === 'rejected') return 'BakeRejected';
  return detail.state === 'expired' ? 'BakeExpired' : name;
}

export function countPublished(row: OutboxRecord): void {
  const { detailType, detail } = row;
  countMetric(nameMetric(row));
  if (detailType !== IMAGE_RELEASED) return;
  const seconds = leadTimeSeconds(CausesSchema.parse(detail.causes), clock.now());
  if (seconds !== undefined) secondsMetric('LeadTime', seconds);
}

/** Seconds from the first of the changes that led to a release. Ids of changes are ULIDs, which hold the time when each was detected. */
export function leadTimeSeconds(causes: readonly string[], released: Date): number | undefined {
  const times = causes.filter(isValid).map(decodeTime);
  if (times.length === 0) return undefined;
  return Math.max(0, (released.getTime() - Math.min(...times)) / 1000);
}
