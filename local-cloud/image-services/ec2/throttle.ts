import type { ScaledClock } from '../clock.ts';
import { findBucket } from '../quotas.ts';
import { AwsError, type Shape } from '../service.ts';
import type { RegionState } from './store.ts';

const NARROWING = ['Filters', 'MaxResults', 'NextToken', 'InstanceIds', 'SnapshotIds', 'VolumeIds'];

/** Takes a token from the operation's bucket, or refuses the request. Buckets refill in AWS seconds. */
export function takeToken(clock: ScaledClock, home: RegionState, operation: string, input: Shape): void {
  const unfiltered = NARROWING.every((name) => input[name] === undefined);
  const { name, size } = findBucket(operation, unfiltered);
  const at = clock.elapsed();
  const bucket = home.buckets.get(name) ?? { tokens: size.capacity, at };
  const tokens = Math.min(size.capacity, bucket.tokens + (at - bucket.at) * size.perSecond);
  if (tokens < 1) {
    home.buckets.set(name, { tokens, at });
    throw new AwsError('RequestLimitExceeded', 'Request limit exceeded.', 503);
  }
  home.buckets.set(name, { tokens: tokens - 1, at });
}
