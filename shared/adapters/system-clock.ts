import { createHash } from 'node:crypto';
import { monotonicFactory } from 'ulid';
import type { Clock } from '../ports/clock.ts';
import type { Digest, Ids } from '../ports/ids.ts';

export const systemClock: Clock = { now: () => new Date() };

/** ULIDs that also rise within one millisecond of one function instance. */
export function ulids(): Ids {
  const next = monotonicFactory();
  return { next: () => next() };
}

export const sha256: Digest = (text) => createHash('sha256').update(text, 'utf8').digest('hex');
