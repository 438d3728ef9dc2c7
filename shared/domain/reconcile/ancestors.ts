/** Whether a pipeline waits for one that it is built on, and for how long (rule 3). Pure. */

import type { HoldReason, PipelineStatus } from '../records/status.ts';
import { isSameFingerprint } from './desired.ts';
import { addSeconds, debounceEnd } from './hold-times.ts';
import { findHoldKind, isSettledBy, isWaitingForAncestors, listOwnHolds, toHoldReason } from './holds.ts';
import type { Ancestor, Observation } from './observed.ts';

type Held = Pick<Observation, 'observed' | 'ancestors' | 'capacity' | 'now'>;

/** The nearest ancestor in progress, until it has held the pipeline for `maxHold`. While `others` hold it as well, that time does not pass. */
export function findAncestorHold(observation: Held, others: readonly HoldReason[]): HoldReason | undefined {
  const { name, spec } = observation.observed.pipeline;
  const begins = findHoldBegin(observation, others);
  const remaining =
    spec.maxHoldSeconds - computeHeldSeconds(observation, others.length === 0 && begins !== undefined);
  if (remaining <= 0) return undefined;
  const until = begins === undefined ? undefined : addSeconds(begins, remaining);
  const limit = until ?? addSeconds(observation.now.toISOString(), remaining);
  for (const ancestor of observation.ancestors) {
    if (!isInProgress(ancestor, limit, observation.now)) continue;
    const { activeBake: bake } = ancestor.observed.status;
    return toHoldReason(
      'ancestor-in-progress',
      { pipeline: ancestor.observed.pipeline.name, bake, until },
      name,
    );
  }
  return undefined;
}

/** When ancestors will be all that holds the pipeline: now, or when time has ended the rest. Undefined where a slot or an event has to come first. */
function findHoldBegin({ capacity, now }: Held, others: readonly HoldReason[]): string | undefined {
  if (capacity.some(({ used, limit }) => used >= limit)) return undefined;
  const ends = others.map(({ until }) => until);
  return ends.includes(undefined) ? undefined : [now.toISOString(), ...ends].sort().at(-1);
}

/** True when the ancestor bakes, or is stale and starts by itself before `limit`. */
function isInProgress(ancestor: Ancestor, limit: string, now: Date): boolean {
  const { observed, desiredState } = ancestor;
  if (observed.status.activeBake !== undefined) return true;
  if (!desiredState.known || isSameFingerprint(observed.channel, desiredState.desired)) return false;
  const holds = listOwnHolds({ ...ancestor, now });
  return !isSettledBy(holds) && holds.every(({ until }) => until !== undefined && until < limit);
}

/**
 * Seconds for which ancestors alone have held the pipeline since it last had nothing to do. The time since the last decision counts only if they
 * do so at both of its ends (`counts`: at this one), and from the end of a debounce that came in between. Decisions are 15 minutes apart at most.
 */
function computeHeldSeconds({ observed, now }: Pick<Held, 'observed' | 'now'>, counts: boolean): number {
  const { seconds = 0, since } = observed.status.heldByAncestors ?? {};
  if (since === undefined || !counts) return seconds;
  const from = [since, debounceEnd(observed) ?? since].sort().at(-1) ?? since;
  return seconds + Math.max(0, now.getTime() - Date.parse(from)) / 1000;
}

/** What is recorded with a hold: the seconds that have counted, and `since` where time counts from now on. */
export function advanceHeldByAncestors(
  observation: Pick<Held, 'observed' | 'now'>,
  reasons: readonly HoldReason[],
): NonNullable<PipelineStatus['heldByAncestors']> {
  // Without `until` there is no slot for the pipeline, which holds it as well.
  const isAlone = isWaitingForAncestors(reasons) && reasons.every(({ until }) => until !== undefined);
  // No ancestor holds it where only slots are missing. Were the time up to now not counted, ancestors would hold it again.
  const waitsForSlots = reasons.every((reason) => findHoldKind(reason).listedIn === 'slot-queue');
  const seconds = computeHeldSeconds(observation, isAlone || waitsForSlots);
  return { seconds, ...(isAlone ? { since: observation.now.toISOString() } : {}) };
}
