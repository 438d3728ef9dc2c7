/** Whether a pipeline waits for one that it is built on (rule 3). */

import type { HoldReason } from '../records/planning.ts';
import { backOffEnd, debounceEnd, addSeconds, scheduleEnd } from './reasons.ts';
import type { Ancestor, Observation } from './situation.ts';
import { isRefused, isSameFingerprint } from './wish.ts';

/** The nearest ancestor that is moving, while waiting for it is within maxHold. */
export function findAncestorHold(
  situation: Pick<Observation, 'observed' | 'ancestors' | 'now'>,
  staleSince: string,
): HoldReason | undefined {
  const until = addSeconds(staleSince, situation.observed.pipeline.spec.maxHoldSeconds);
  if (until <= situation.now.toISOString()) return undefined;
  for (const ancestor of situation.ancestors) {
    const message = describeAncestorInProgress(ancestor, until);
    if (message !== undefined)
      return { code: 'ancestor-moving', message, until, pipeline: ancestor.observed.pipeline.name };
  }
  return undefined;
}

/** Why an ancestor counts as moving: it bakes, or it is stale and due to start before `limit`. */
function describeAncestorInProgress(
  { observed: seen, desiredState: wish, fingerprint, unconfirmed, frozenUntil }: Ancestor,
  limit: string,
): string | undefined {
  const { name, spec: plan, enabled } = seen.pipeline;
  const { status: planning } = seen;
  if (planning.activeBake !== undefined) return `${name} is baking (${planning.activeBake}).`;
  if (!wish.known || isSameFingerprint(seen.channel, wish.desired)) return undefined;
  const message = `${name} is about to bake.`;
  // A person waits for the end of a freeze alone, and not even for that by force.
  if (planning.request !== undefined)
    return planning.request.force || frozenUntil === undefined || frozenUntil < limit ? message : undefined;
  if (!enabled || plan.pinned || plan.mode === 'manual' || planning.consecutiveFailures >= plan.maxFailures)
    return undefined;
  if (unconfirmed.length > 0) return undefined;
  const known = isSameFingerprint(fingerprint, wish.desired) ? fingerprint : undefined;
  if (isRefused(seen, known)) return undefined;
  const schedule = scheduleEnd(seen);
  if (schedule !== undefined && schedule.until === undefined) return undefined;
  const starts = [debounceEnd(seen), backOffEnd(known, wish.desired), schedule?.until, frozenUntil];
  return starts.every((at) => at === undefined || at < limit) ? message : undefined;
}
