/**
 * Whether a pipeline bakes now, and if not, why not. Pure: the caller reads the rows and carries out the decision. Everything is computed
 * from what selectors mean now, never from marks, so that a base and its child that share a changed component see the same truth.
 */

import { canonical } from '../base/canonical.ts';
import { count } from '../base/text.ts';
import { type AttemptState, SUPERSEDABLE_STATES } from '../records/attempt-states.ts';
import type { ChangeRecord } from '../records/selectors.ts';
import type { HoldReason } from '../records/status.ts';
import { describeSelector } from '../selectors/describe.ts';
import { findAncestorHold } from './ancestors.ts';
import { describeStartReason, findDecisiveChanges } from './causes.ts';
import {
  type Desired,
  findMissingTargets,
  isSameFingerprint,
  type ObservedPipeline,
  type UnresolvedInput,
} from './desired.ts';
import { holdsEndedByPerson, holdsEndedByTime } from './hold-reasons.ts';
import { type ActiveBake, findDirtySince, type Observation } from './observed.ts';

/** Where a bake begins: what an earlier one has made and shown is not made and shown again. */
export type StartPoint =
  | { readonly step: 'Build' }
  | { readonly step: 'Test' | 'Approve' | 'Distribute'; readonly reusesBake: string };

export type Decision =
  | { readonly kind: 'up-to-date'; readonly reason: HoldReason }
  /** `settled`: nothing will start by itself, so nobody has to wait for this pipeline. */
  | { readonly kind: 'hold'; readonly reasons: readonly HoldReason[]; readonly settled: boolean }
  /** The running bake has what is wanted; the changes are its own. */
  | { readonly kind: 'in-progress'; readonly reason: HoldReason; readonly bake: string }
  | { readonly kind: 'supersede'; readonly active: ActiveBake; readonly reason: HoldReason }
  | {
      readonly kind: 'start';
      readonly desired: Desired;
      readonly at: StartPoint;
      readonly reason: string;
      /** What it takes up: each of these alone would have started it. */
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
      reason: {
        code: 'bake-running',
        message: `Bake ${active.id} already builds what is wanted.`,
        bake: active.id,
        buildsDesired: true,
      },
    };
  const missingTargets = findMissingTargets(observation);
  if (active === undefined && isSameFingerprint(observed.channel, wanted) && missingTargets.length === 0)
    return toUpToDate(observed);

  // 2. May it start by itself, or does a person ask?
  const settled = holdsEndedByPerson(observation, wanted);
  // 3. Is now the time?
  const waiting = holdsEndedByTime(observation, wanted, settled);
  // 4. One bake at a time, after those of its ancestors, and no more than there is room for.
  const beside = active === undefined ? undefined : decideBesideActive(observation, active);
  const isFree = settled.length === 0 && waiting.length === 0;
  if (beside !== undefined && isFree) return beside;
  const held = [
    ...settled,
    ...waiting,
    ...(beside === undefined ? listTurnHolds(observation, isFree) : listHoldReasons(beside)),
  ];
  // Whatever holds it is named, so that whoever mends one thing does not find the next behind it.
  if (held.length > 0)
    return { kind: 'hold', reasons: held, settled: settled.length > 0 && active === undefined };
  return {
    kind: 'start',
    desired: wanted,
    at: chooseStart(observation, wanted),
    reason: describeStartReason(observation),
    changes: findDecisiveChanges(observation),
  };
}

/** What has to end before it is its turn: a bake that it is built on, or, where nothing else holds it, one whose place it needs. */
function listTurnHolds(observation: Observation, isFree: boolean): HoldReason[] {
  const ancestor = findAncestorHold(observation, findDirtySince(observation));
  if (ancestor !== undefined) return [ancestor];
  return isFree ? listSlotHolds(observation) : [];
}

function listHoldReasons(decision: Decision): readonly HoldReason[] {
  return decision.kind === 'hold' ? decision.reasons : [];
}

function toUpToDate(observed: ObservedPipeline): Decision {
  const release = observed.channel?.release ?? '';
  const message = `Release ${release} in ${observed.pipeline.spec.channel} has exactly what is wanted.`;
  return { kind: 'up-to-date', reason: { code: 'up-to-date', message } };
}

/**
 * What is kept decides how much there is to do: the same image judged in the same way only has to be pointed to again, to new places after an
 * approval; judged in another way it is tested again; anything else is built.
 */
function chooseStart(observation: Observation, wanted: Desired): StartPoint {
  const { retained, observed } = observation;
  const same = retained.find((entry) => isSameFingerprint(entry, wanted));
  if (same !== undefined) {
    const known = isSameFingerprint(observed.channel, wanted) ? observed.channel?.targets : same.targets;
    const isKnown = observed.pipeline.spec.targets.every((place) => known?.includes(place) ?? true);
    return { step: isKnown ? 'Distribute' : 'Approve', reusesBake: same.bake };
  }
  const tested = retained[0];
  return tested === undefined ? { step: 'Build' } : { step: 'Test', reusesBake: tested.bake };
}

function holdUnresolved(observation: Observation, unresolved: readonly UnresolvedInput[]): Decision {
  const ancestor = findAncestorHold(observation, findDirtySince(observation));
  const reasons = unresolved.map(
    ({ key, problem }): HoldReason => ({
      code: 'unresolved',
      message: `${describeSelector(key)}: ${problem}`,
      selector: key,
    }),
  );
  return {
    kind: 'hold',
    reasons: ancestor === undefined ? reasons : [ancestor, ...reasons],
    settled: observation.active === undefined,
  };
}

/** Before approval a newer lock supersedes the bake that runs, at most twice in a row; after approval it follows it. */
function decideBesideActive(observation: Observation, active: ActiveBake): Decision {
  const buildsDesired =
    observation.desiredState.known && isSameFingerprint(active, observation.desiredState.desired);
  const hold = (code: HoldReason['code'], message: string): Decision => ({
    kind: 'hold',
    reasons: [{ code, message, bake: active.id, ...(buildsDesired ? { buildsDesired: buildsDesired } : {}) }],
    settled: false,
  });
  if (active.isEnding) return hold('bake-running', `Bake ${active.id} is being ended.`);
  // Where the bake goes is not known here; nothing but new targets can be left to do after it.
  if (buildsDesired)
    return hold(
      'bake-running',
      `Bake ${active.id} builds what is wanted. If its definition has gained targets since, they follow it.`,
    );
  const supersedable = (SUPERSEDABLE_STATES as readonly AttemptState[]).includes(active.state);
  if (!supersedable || active.isApproved)
    return hold(
      'after-approval',
      `Bake ${active.id} is approved and is released first; the newer versions follow it.`,
    );
  if (observation.desiredState.known && differsByTickOnly(active, observation.desiredState.desired))
    return hold(
      'bake-running',
      `Bake ${active.id} was begun at an earlier time of the schedule, of the same versions; the next follows it.`,
    );
  if (observation.observed.status.supersededInRow >= MAX_CONSECUTIVE_SUPERSEDES)
    return hold(
      'superseded-twice',
      `Two bakes in a row gave way to newer versions, so bake ${active.id} is finished first.`,
    );
  const message = `Newer versions came before bake ${active.id} was approved: ${describeStartReason(observation)}`;
  return { kind: 'supersede', active, reason: { code: 'bake-running', message, bake: active.id } };
}

/** A tick alone makes no bake out of date: whoever is asked to approve would be asked again at each, and never be done. */
function differsByTickOnly({ fingerprintInputs, proof }: ActiveBake, wanted: Desired): boolean {
  const { tick } = wanted.fingerprintInputs;
  if (fingerprintInputs === undefined || tick === undefined || proof !== wanted.proof) return false;
  return canonical({ ...fingerprintInputs, tick }) === canonical(wanted.fingerprintInputs);
}

/** All places for bakes are taken, or somebody with a longer chain behind it goes first. */
function listSlotHolds({ capacity }: Observation): HoldReason[] {
  return capacity.flatMap(({ key, limit, used, aheadInQueue: before }): HoldReason[] => {
    const whose = key === 'account' ? '' : ` of ${key.replace(':', ' ')}`;
    if (used >= limit)
      return [
        {
          code: 'concurrency',
          message: `${count(used, 'bake')}${whose} run at once, which is the limit.`,
          capacity: key,
        },
      ];
    if (before === undefined) return [];
    const message = `${before} goes first: more images wait for it.`;
    return [{ code: 'concurrency', message, capacity: key, pipeline: before }];
  });
}
