/** Whether a pipeline waits for one that it is built on (rule 3). */

import type { HoldReason } from '../records/planning.ts';
import { backOffEnd, debounceEnd, later, scheduleEnd } from './reasons.ts';
import type { Ancestor, Situation } from './situation.ts';
import { isRefused, isSame } from './wish.ts';

/** The nearest ancestor that is moving, while waiting for it is within maxHold. */
export function ancestorReason(
  situation: Pick<Situation, 'seen' | 'ancestors' | 'now'>,
  staleSince: string,
): HoldReason | undefined {
  const until = later(staleSince, situation.seen.pipeline.plan.maxHoldSeconds);
  if (until <= situation.now.toISOString()) return undefined;
  for (const ancestor of situation.ancestors) {
    const message = whyMoving(ancestor, until);
    if (message !== undefined)
      return { code: 'ancestor-moving', message, until, pipeline: ancestor.seen.pipeline.name };
  }
  return undefined;
}

/** Why an ancestor counts as moving: it bakes, or it is stale and due to start before `limit`. */
function whyMoving(
  { seen, wish, fingerprint, unconfirmed, frozenUntil }: Ancestor,
  limit: string,
): string | undefined {
  const { name, plan, enabled } = seen.pipeline;
  const { planning } = seen;
  if (planning.activeBake !== undefined) return `${name} is baking (${planning.activeBake}).`;
  if (!wish.known || isSame(seen.channel, wish.wanted)) return undefined;
  const message = `${name} is about to bake.`;
  // A person waits for the end of a freeze alone, and not even for that by force.
  if (planning.request !== undefined)
    return planning.request.force || frozenUntil === undefined || frozenUntil < limit ? message : undefined;
  if (!enabled || plan.pinned || plan.mode === 'manual' || planning.consecutiveFailures >= plan.maxFailures)
    return undefined;
  if (unconfirmed.length > 0) return undefined;
  const known = isSame(fingerprint, wish.wanted) ? fingerprint : undefined;
  if (isRefused(seen, known)) return undefined;
  const schedule = scheduleEnd(seen);
  if (schedule !== undefined && schedule.until === undefined) return undefined;
  const starts = [debounceEnd(seen), backOffEnd(known, wish.wanted), schedule?.until, frozenUntil];
  return starts.every((at) => at === undefined || at < limit) ? message : undefined;
}
