/** Makes hold reasons, and reads from their table what recorded ones imply. Pure. */
import { canonical } from '../base/canonical.ts';
import type { HoldReason } from '../records/status.ts';
import type { FactsOf, HoldCode, HoldReasonKind, HoldSubject } from './hold-reason-kind.ts';
import { HOLD_REASONS } from './hold-reasons.ts';
import type { Outlook, Remedy } from './remedies.ts';

const KINDS: Readonly<Record<string, HoldReasonKind<Omit<HoldReason, 'code' | 'message'>>>> = HOLD_REASONS;

/** The reason as it is recorded: its code, its facts, and the message that they give now. */
export function toHoldReason<Code extends HoldCode>(
  code: Code,
  facts: FactsOf[Code],
  pipeline: string,
): HoldReason {
  const known = Object.entries(facts).filter(([, fact]) => fact !== undefined);
  return { code, message: HOLD_REASONS[code].message(facts, pipeline), ...Object.fromEntries(known) };
}

/** The entry of a recorded reason. Throws when the table has none, which only a row of another version can cause. */
export function findHoldKind({ code }: HoldReason): (typeof KINDS)[string] {
  const kind = KINDS[code];
  if (kind === undefined) throw new Error(`There is no hold reason "${code}".`);
  return kind;
}

/** True when the reasons say the same, in one order. Recorded ones have their facts in another order than new ones. */
export function hasSameReasons(one: readonly HoldReason[], other: readonly HoldReason[]): boolean {
  return canonical(one) === canonical(other);
}

/** Holds whose condition is in the pipeline's own rows. A request overrides every hold except a freeze; a forced request overrides that as well. */
export function listOwnHolds(subject: HoldSubject): HoldReason[] {
  const { observed } = subject;
  const { request } = observed.status;
  const reasons: HoldReason[] = [];
  for (const [code, { find, holdsRequests }] of Object.entries(KINDS)) {
    if (find === undefined || (request !== undefined && (holdsRequests !== true || request.force))) continue;
    for (const facts of find(skipsSchedule(reasons) ? withoutOpenTick(subject) : subject))
      reasons.push(toHoldReason(code as HoldCode, facts as FactsOf[HoldCode], observed.pipeline.name));
  }
  return reasons;
}

function withoutOpenTick(subject: HoldSubject): HoldSubject {
  const { ticks, ...observed } = subject.observed;
  return {
    ...subject,
    observed: { ...observed, ...(ticks?.next === undefined ? {} : { ticks: { next: ticks.next } }) },
  };
}

/** True when ticks pass while these hold; while others hold, a tick stays open. */
export function skipsSchedule(reasons: readonly HoldReason[]): boolean {
  return reasons.some((reason) => findHoldKind(reason).skipsSchedule);
}

/** True when nothing of the pipeline starts by itself, so that dependents need not wait for it. */
export function isSettledBy(reasons: readonly HoldReason[]): boolean {
  return reasons.some((reason) => findHoldKind(reason).settles);
}

export function isEndedByTime(reasons: readonly HoldReason[]): boolean {
  return reasons.every((reason) => findHoldKind(reason).endedBy === 'time');
}

/** True when ancestors in progress are the only reasons. */
export function isWaitingForAncestors(reasons: readonly HoldReason[]): boolean {
  return reasons.length > 0 && reasons.every((reason) => findHoldKind(reason).waitsForAncestor === true);
}

/** When to reconcile again: once all reasons may be over, or undefined where only a person can end one of them. */
export function computeNextCheck(reasons: readonly HoldReason[], now: Date): string | undefined {
  const times = reasons.map((reason) => findHoldKind(reason).checkAgainAt(reason, now));
  return times.includes(undefined) ? undefined : times.sort().at(-1);
}

/** What would end the reason. `pipeline` is the one that does not bake. */
export function listRemedies(reason: HoldReason, pipeline: string, outlook: Outlook = {}): readonly Remedy[] {
  if (outlook.isDone ?? reason.buildsDesired === true) return [];
  return findHoldKind(reason).remedies(reason, pipeline, outlook);
}
