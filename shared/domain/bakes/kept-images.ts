/** What a failed distribution leaves for a retry, and for how long. */
import type { AttemptRecord } from '../records/bakes.ts';
import type { TargetRecord } from '../records/distributions.ts';

/** Long enough for a weekend until somebody mends a key or a role in a target. */
export const KEPT_SECONDS = 3 * 86_400;

/** From here on the image is approved; a person or a newer lock that ends the attempt wants none of it. */
export function failedAfterApproval({ state, endRequested }: AttemptRecord): boolean {
  return endRequested === undefined && (state === 'distributing' || state === 'releasing');
}

export function isKept({ keptUntil, cleanedUp }: AttemptRecord, now: Date): boolean {
  return !cleanedUp && keptUntil !== undefined && keptUntil > now.toISOString();
}

/** A verified copy; what is shared is shared again at once. */
export function isKeptCopy(row: TargetRecord): boolean {
  return row.mode === 'copy' && row.state === 'verified' && row.artifact !== undefined;
}
