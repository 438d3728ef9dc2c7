/**
 * Whether a pipeline bakes now, and if not, why not. Pure: the caller reads the rows and carries out the decision. Everything is computed
 * from the versions that selectors have now, never from dirty flags, so that a base and its child that share a changed component see the same state.
 */

import { canonical } from '../base/canonical.ts';
import { type AttemptState, SUPERSEDABLE_STATES } from '../records/attempt-states.ts';
import type { ChangeRecord } from '../records/selectors.ts';
import type { HoldReason } from '../records/status.ts';
import { findAncestorHold } from './ancestors.ts';
import { describeStartReason, findDecisiveChanges } from './causes.ts';
import {
  type Desired,
  findMissingTargets,
  isSameFingerprint,
  type ObservedPipeline,
  type UnresolvedInput,
} from './desired.ts';
import type { FactsOf } from './hold-reason-kind.ts';
import { isSettledBy, listOwnHolds, toHoldReason } from './holds.ts';
import type { ActiveBake, Observation } from './observed.ts';

/** The step that a bake begins with: steps that an earlier bake has passed for the same image are not repeated. */
export type StartPoint =
  | { readonly step: 'Build' }
  | { readonly step: 'Test' | 'Approve' | 'Distribute'; readonly reusesBake: string };

export type Decision =
  | { readonly kind: 'up-to-date'; readonly reason: HoldReason }
  /** `settled`: nothing starts by itself, so dependents need not wait for this pipeline. */
  | { readonly kind: 'hold'; readonly reasons: readonly HoldReason[]; readonly settled: boolean }
  /** The running bake has the desired fingerprint and counts for these changes too. */
  | { readonly kind: 'in-progress'; readonly reason: HoldReason; readonly bake: string }
  | { readonly kind: 'supersede'; readonly active: ActiveBake; readonly reason: HoldReason }
  | {
      readonly kind: 'start';
      readonly desired: Desired;
      readonly at: StartPoint;
      readonly reason: string;
      /** The changes that it takes up: each of them alone would have started it. */
      readonly changes: readonly ChangeRecord[];
    };

const MAX_CONSECUTIVE_SUPERSEDES = 2;

export function decide(observation: Observation): Decision {
  const { observed, desiredState, active } = observation;
  if (!desiredState.known) return holdUnresolved(observation, desiredState.unresolved);
  const { desired: wanted } = desiredState;

  // 1. Is there anything to do at all?
  if (isSameFingerprint(active, wanted) && active !== undefined && !active.isEnding && active.hasAllTargets)
    return {
      kind: 'in-progress',
      bake: active.id,
      reason: toHoldReason(
        'bake-running',
        { bake: active.id, phase: 'in-progress', buildsDesired: true },
        observed.pipeline.name,
      ),
    };
  const missingTargets = findMissingTargets(observation);
  if (active === undefined && isSameFingerprint(observed.channel, wanted) && missingTargets.length === 0)
    return toUpToDate(observed);

  // 2. May it start by itself, or does a person request it? And is now the time? (own-holds.ts)
  const own = listOwnHolds(observation);
  // 3. One bake at a time, after those of its ancestors (ancestors.ts), and no more than there are slots for.
  const beside = active === undefined ? undefined : decideBesideActive(observation, active);
  if (beside !== undefined && own.length === 0) return beside;
  const held = [
    ...own,
    ...(beside === undefined ? listTurnHolds(observation, own) : listHoldReasons(beside)),
  ];
  // Every hold is named, so that ending one does not reveal the next.
  if (held.length > 0) return toHold(held, active);
  return {
    kind: 'start',
    desired: wanted,
    at: chooseStart(observation, wanted),
    reason: describeStartReason(observation),
    changes: findDecisiveChanges(observation),
  };
}

/** Holds that the end of another bake ends: a bake of an ancestor or, where nothing else holds the pipeline, one whose slot it needs. */
function listTurnHolds(observation: Observation, own: readonly HoldReason[]): HoldReason[] {
  const ancestor = findAncestorHold(observation, own);
  if (ancestor !== undefined) return [ancestor];
  return own.length === 0 ? listSlotHolds(observation) : [];
}

function toHold(reasons: readonly HoldReason[], active: ActiveBake | undefined): Decision {
  return { kind: 'hold', reasons, settled: active === undefined && isSettledBy(reasons) };
}

function listHoldReasons(decision: Decision): readonly HoldReason[] {
  return decision.kind === 'hold' ? decision.reasons : [];
}

function toUpToDate({ pipeline, channel }: ObservedPipeline): Decision {
  const facts = { release: channel?.release ?? '', channel: pipeline.spec.channel };
  return { kind: 'up-to-date', reason: toHoldReason('up-to-date', facts, pipeline.name) };
}

/**
 * The step to start with, by the retained image. Bits and proof as desired: pointers are moved back to it, after an approval where targets are new.
 * Only the bits as desired: it is tested again. No such image: it is built.
 */
function chooseStart(observation: Observation, wanted: Desired): StartPoint {
  const { retained, observed } = observation;
  const same = retained.find((entry) => isSameFingerprint(entry, wanted));
  if (same !== undefined) {
    const known = isSameFingerprint(observed.channel, wanted) ? observed.channel?.targets : same.targets;
    const isKnown = observed.pipeline.spec.targets.every((target) => known?.includes(target) ?? true);
    return { step: isKnown ? 'Distribute' : 'Approve', reusesBake: same.bake };
  }
  const tested = retained[0];
  return tested === undefined ? { step: 'Build' } : { step: 'Test', reusesBake: tested.bake };
}

function holdUnresolved(observation: Observation, unresolved: readonly UnresolvedInput[]): Decision {
  const { name } = observation.observed.pipeline;
  const reasons = unresolved.map(({ key, problem }) =>
    toHoldReason('unresolved', { selector: key, detail: problem }, name),
  );
  const ancestor = findAncestorHold(observation, reasons);
  return toHold(ancestor === undefined ? reasons : [ancestor, ...reasons], observation.active);
}

/** Before its approval a running bake is superseded by a newer lock, at most twice in a row; after it, the newer lock waits for its end. */
function decideBesideActive(observation: Observation, active: ActiveBake): Decision {
  const { observed, desiredState } = observation;
  const { name } = observed.pipeline;
  const bake = active.id;
  const desired = desiredState.known ? desiredState.desired : undefined;
  const buildsDesired = desired !== undefined && isSameFingerprint(active, desired) ? true : undefined;
  const hold = (reason: HoldReason): Decision => ({ kind: 'hold', reasons: [reason], settled: false });
  const running = (phase: FactsOf['bake-running']['phase'], detail?: string): HoldReason =>
    toHoldReason('bake-running', { bake, phase, buildsDesired, detail }, name);
  if (active.isEnding) return hold(running('ending'));
  // The active bake's targets are not known here; only new targets can be left to do after it.
  if (buildsDesired) return hold(running('targets-unknown'));
  const supersedable = (SUPERSEDABLE_STATES as readonly AttemptState[]).includes(active.state);
  if (!supersedable || active.isApproved) return hold(toHoldReason('after-approval', { bake }, name));
  if (desired !== undefined && differsByTickOnly(active, desired)) return hold(running('earlier-tick'));
  if (observed.status.supersededInRow >= MAX_CONSECUTIVE_SUPERSEDES)
    return hold(toHoldReason('superseded-twice', { bake }, name));
  return { kind: 'supersede', active, reason: running('superseded', describeStartReason(observation)) };
}

/** True when only the tick differs. A tick alone supersedes no bake: otherwise approvers would be asked again at every tick. */
function differsByTickOnly({ fingerprintInputs, proof }: ActiveBake, wanted: Desired): boolean {
  const { tick } = wanted.fingerprintInputs;
  if (fingerprintInputs === undefined || tick === undefined || proof !== wanted.proof) return false;
  return canonical({ ...fingerprintInputs, tick }) === canonical(wanted.fingerprintInputs);
}

/** Of each kind of slot: all are used, or a pipeline with a longer chain of dependents goes first. */
function listSlotHolds({ capacity, observed }: Observation): HoldReason[] {
  return capacity.flatMap(({ key, limit, used, aheadInQueue: pipeline }): HoldReason[] => {
    if (used < limit && pipeline === undefined) return [];
    const facts = used >= limit ? { capacity: key, used } : { capacity: key, pipeline };
    return [toHoldReason('concurrency', facts, observed.pipeline.name)];
  });
}
