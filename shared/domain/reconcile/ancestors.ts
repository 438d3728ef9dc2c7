/** Whether a pipeline waits for one that it is built on (rule 3). */

import type { HoldReason } from '../records/status.ts';
import { isRefused, isSameFingerprint } from './desired.ts';
import { addSeconds, backOffEnd, debounceEnd, scheduleEnd } from './hold-reasons.ts';
import type { Ancestor, Observation } from './observed.ts';

/** The nearest ancestor that is moving, while waiting for it is within maxHold. */
export function findAncestorHold(
  observation: Pick<Observation, 'observed' | 'ancestors' | 'now'>,
  staleSince: string,
): HoldReason | undefined {
  const until = addSeconds(staleSince, observation.observed.pipeline.spec.maxHoldSeconds);
  if (until <= observation.now.toISOString()) return undefined;
  for (const ancestor of observation.ancestors) {
    const message = describeAncestorInProgress(ancestor, until);
    if (message !== undefined)
      return { code: 'ancestor-in-progress', message, until, pipeline: ancestor.observed.pipeline.name };
  }
  return undefined;
}

/** Why an ancestor counts as moving: it bakes, or it is stale and due to start before `limit`. */
function describeAncestorInProgress(
  { observed, desiredState, fingerprint, unconfirmed, frozenUntil }: Ancestor,
  limit: string,
): string | undefined {
  const { name, spec, enabled } = observed.pipeline;
  const { status } = observed;
  if (status.activeBake !== undefined) return `${name} is baking (${status.activeBake}).`;
  if (!desiredState.known || isSameFingerprint(observed.channel, desiredState.desired)) return undefined;
  const message = `${name} is about to bake.`;
  // A person waits for the end of a freeze alone, and not even for that by force.
  if (status.request !== undefined)
    return status.request.force || frozenUntil === undefined || frozenUntil < limit ? message : undefined;
  if (!enabled || spec.pinned || spec.mode === 'manual' || status.consecutiveFailures >= spec.maxFailures)
    return undefined;
  if (unconfirmed.length > 0) return undefined;
  const known = isSameFingerprint(fingerprint, desiredState.desired) ? fingerprint : undefined;
  if (isRefused(observed, known)) return undefined;
  const schedule = scheduleEnd(observed);
  if (schedule !== undefined && schedule.until === undefined) return undefined;
  const starts = [
    debounceEnd(observed),
    backOffEnd(known, desiredState.desired),
    schedule?.until,
    frozenUntil,
  ];
  return starts.every((at) => at === undefined || at < limit) ? message : undefined;
}
