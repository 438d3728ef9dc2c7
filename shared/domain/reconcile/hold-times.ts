/** Times that hold a pipeline, computed from its rows. Pure. */
import type { FingerprintRecord } from '../records/status.ts';
import type { ObservedPipeline } from './desired.ts';

const FIRST_BACK_OFF_SECONDS = 60;
const LONGEST_BACK_OFF_SECONDS = 6 * 3600;

/** One minute after the first failure, then four times as long each time: 1 min, 4 min, 16 min, about an hour, at most six. */
export function backOffSeconds(failures: number): number {
  if (failures === 0) return 0;
  return Math.min(FIRST_BACK_OFF_SECONDS * 4 ** (failures - 1), LONGEST_BACK_OFF_SECONDS);
}

/** End of the debounce: each change extends it, but not beyond the longest wait since the first. */
export function debounceEnd({ status, pipeline }: ObservedPipeline): string | undefined {
  const { debounceUntil, dirtySince } = status;
  if (debounceUntil === undefined || dirtySince === undefined) return debounceUntil;
  const longest = addSeconds(dirtySince, pipeline.spec.longestWaitSeconds);
  return [longest, debounceUntil].sort()[0];
}

/** Attempts that led to no release, whatever they ended with. */
export function countTries({ failures, shortages = 0 }: FingerprintRecord): number {
  return failures + shortages;
}

/** End of the back-off after the last failure of these versions; undefined where the next attempt need not wait. */
export function backOffEnd(fingerprint: FingerprintRecord | undefined): string | undefined {
  if (fingerprint?.lastFailureAt === undefined) return undefined;
  const tries = countTries(fingerprint);
  if (fingerprint.state === 'refused' || tries === 0) return undefined;
  return addSeconds(fingerprint.lastFailureAt, backOffSeconds(tries));
}

export function addSeconds(iso: string, seconds: number): string {
  return new Date(Math.round(Date.parse(iso) + seconds * 1000)).toISOString();
}
