import type { ScaledClock } from '../clock.ts';
import { bucketOf } from '../quotas.ts';
import { AwsError, type Shape } from '../service.ts';
import type { Place } from './store.ts';

const NARROWING = ['Filters', 'MaxResults', 'NextToken', 'InstanceIds', 'SnapshotIds', 'VolumeIds'];

/** Takes a token of the operation's bucket, or refuses the request. Buckets refill in AWS seconds. */
export function takeToken(clock: ScaledClock, place: Place, operation: string, input: Shape): void {
  const unfiltered = NARROWING.every((name) => input[name] === undefined);
  const { name, size } = bucketOf(operation, unfiltered);
  const at = clock.elapsed();
  const bucket = place.buckets.get(name) ?? { tokens: size.capacity, at };
  const tokens = Math.min(size.capacity, bucket.tokens + (at - bucket.at) * size.perSecond);
  if (tokens < 1) {
    place.buckets.set(name, { tokens, at });
    throw new AwsError('RequestLimitExceeded', 'Request limit exceeded.', 503);
  }
  place.buckets.set(name, { tokens: tokens - 1, at });
}
