/** Reasons for which a stale pipeline does not start that lie in itself: those that only somebody's doing ends, and those that time ends. */

import { count } from '../base/text.ts';
import type { FingerprintRecord, HoldReason } from '../records/status.ts';
import { describeSelector } from '../selectors/describe.ts';
import { type Desired, isRefused, isSameFingerprint } from './desired.ts';
import type { Observation } from './observed.ts';

const FIRST_BACK_OFF_SECONDS = 60;
const LONGEST_BACK_OFF_SECONDS = 6 * 3600;

/** One minute after the first failure, then four times as long each time: 1 min, 4 min, 16 min, about an hour, at most six. */
export function backOffSeconds(failures: number): number {
  if (failures === 0) return 0;
  return Math.min(FIRST_BACK_OFF_SECONDS * 4 ** (failures - 1), LONGEST_BACK_OFF_SECONDS);
}

/** Reasons that only somebody's doing ends. A person who asks has done it. */
export function holdsEndedByPerson(
  { observed, fingerprint, unconfirmed }: Observation,
  wanted: Desired,
): HoldReason[] {
  const { spec, name, enabled } = observed.pipeline;
  const { consecutiveFailures, request } = observed.status;
  const reasons: HoldReason[] = [];
  if (request !== undefined) return reasons;
  const byHand = `ovenbird bake ${name}`;
  if (!enabled)
    reasons.push({
      code: 'disabled',
      message: `${name} is disabled. Enable it with: ovenbird enable ${name}`,
    });
  else if (consecutiveFailures >= spec.maxFailures)
    reasons.push({
      code: 'too-many-failures',
      message: `${count(consecutiveFailures, 'bake')} in a row failed, so nothing starts by itself any more. Mend the cause, then: ovenbird enable ${name}`,
    });
  if (spec.pinned)
    reasons.push({
      code: 'pinned',
      message: `${name} is pinned to its current release. Take lifecycle.pinned out of its definition, or: ${byHand}`,
    });
  if (spec.mode === 'manual')
    reasons.push({ code: 'manual', message: `${name} starts when somebody asks: ${byHand}` });
  if (isSameFingerprint(fingerprint, wanted) && isRefused(observed, fingerprint)) {
    // A tick of a schedule that always bakes is part of the bits: what the next one wants has not been refused.
    const tick = spec.schedule?.startCondition === 'always' ? observed.ticks?.next : undefined;
    reasons.push({
      code: 'refused',
      message: `These versions were refused${fingerprint?.reason === undefined ? '' : ` (${fingerprint.reason})`}. A newer version${tick === undefined ? '' : ', or the next time of its schedule,'} starts a bake, or: ${byHand}`,
      ...(tick === undefined ? {} : { until: tick }),
    });
  }
  for (const change of unconfirmed)
    reasons.push({
      code: 'wave-unconfirmed',
      message: `${describeSelector(change.selector)} would bake ${change.wave?.isMore === true ? 'more than ' : ''}${count(change.wave?.size ?? 0, 'image')}. Start them with: ovenbird confirm ${change.id}`,
      change: change.id,
    });
  return reasons;
}

/**
 * What somebody has said about the pipeline: nobody makes up for the ticks that come meanwhile. A tick that comes while it waits for anything
 * else stays open.
 */
export function skipsSchedule(reasons: readonly HoldReason[]): boolean {
  return reasons.some(({ code }) => SCHEDULE_SKIPPING_CODES.has(code));
}

const SCHEDULE_SKIPPING_CODES = new Set<HoldReason['code']>([
  'disabled',
  'too-many-failures',
  'pinned',
  'manual',
  'refused',
]);

/** Reasons that time ends. A person who asks waits for the end of a freeze alone, and not even for that by force. */
export function holdsEndedByTime(
  observation: Observation,
  wanted: Desired,
  resting: readonly HoldReason[],
): HoldReason[] {
  const { frozen } = observation;
  const observed = skipsSchedule(resting) ? withoutOpenTick(observation.observed) : observation.observed;
  const now = observation.now.toISOString();
  const { request } = observed.status;
  const reasons: HoldReason[] = [];
  if (frozen !== undefined && request?.force !== true)
    reasons.push({ code: 'freeze', message: frozen.reason, until: frozen.until });
  if (request !== undefined) return reasons;
  const schedule = scheduleEnd(observed);
  if (schedule !== undefined) reasons.push({ code: 'schedule', ...schedule });
  const debounce = debounceEnd(observed);
  if (debounce !== undefined && debounce > now)
    reasons.push({
      code: 'debounce',
      message: 'Changes come in groups; this one waits for others.',
      until: debounce,
    });
  const backOff = backOffEnd(observation.fingerprint, wanted);
  if (backOff !== undefined && backOff > now)
    reasons.push({
      code: 'back-off',
      message: `These versions failed ${count(observation.fingerprint?.failures ?? 0, 'time')}; the next try waits.`,
      until: backOff,
    });
  return reasons;
}

function withoutOpenTick({ ticks, ...seen }: Observation['observed']): Observation['observed'] {
  return { ...seen, ...(ticks?.next === undefined ? {} : { ticks: { next: ticks.next } }) };
}

/** Each change puts the end off, but not beyond the longest wait since the first. */
export function debounceEnd({ status, pipeline }: Observation['observed']): string | undefined {
  const { debounceUntil, dirtySince } = status;
  if (debounceUntil === undefined || dirtySince === undefined) return debounceUntil;
  const longest = addSeconds(dirtySince, pipeline.spec.longestWaitSeconds);
  return [longest, debounceUntil].sort()[0];
}

/** A pipeline with a schedule starts at a tick; one that came while something else held it is still open. */
export function scheduleEnd({
  pipeline,
  ticks,
}: Observation['observed']): { message: string; until?: string } | undefined {
  const { schedule, mode } = pipeline.spec;
  if (mode !== 'schedule' || schedule === undefined || ticks?.open !== undefined) return undefined;
  const when = `${schedule.expression} (${schedule.timeZone})`;
  if (ticks?.next === undefined) return { message: `The schedule ${when} has no time to come.` };
  return { message: `It starts by its schedule, ${when}.`, until: ticks.next };
}

export function backOffEnd(fingerprint: FingerprintRecord | undefined, wanted: Desired): string | undefined {
  if (!isSameFingerprint(fingerprint, wanted) || fingerprint?.lastFailureAt === undefined) return undefined;
  if (fingerprint.state === 'refused' || fingerprint.failures === 0) return undefined;
  return addSeconds(fingerprint.lastFailureAt, backOffSeconds(fingerprint.failures));
}

export function addSeconds(iso: string, seconds: number): string {
  return new Date(new Date(iso).getTime() + seconds * 1000).toISOString();
}
