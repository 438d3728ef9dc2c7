/**
 * How a step of a bake begins and ends. The first function of each nested machine begins its step, the last one ends it; both may be
 * repeated. Nothing else moves an attempt forward.
 */

import type { BakeRef } from '../../domain/bakes/payloads.ts';
import { due, keys } from '../../domain/base/naming.ts';
import {
  findStateByStep,
  isLegalTransition,
  listPriorStates,
  type StepName,
} from '../../domain/records/attempt-states.ts';
import type { StepRecord } from '../../domain/records/bakes.ts';
import type { Ports } from '../../ports/ports.ts';
import { releaseSlots } from '../capacity/slots.ts';
import { readOpenAttempt, toAttemptEnded } from '../store/bakes.ts';
import { tryWrite } from '../store/try-write.ts';

export type StepDeps = Pick<Ports, 'table' | 'clock'>;

/** How long an attempt may stay in one state before the sweep checks whether it is stuck. */
const STUCK_SECONDS = 900;

/** Moves the attempt and its bake to the step's state and records the step as running. Throws AttemptEnded when the attempt has ended or moved past. */
export async function beginStep(deps: StepDeps, ref: BakeRef, step: StepName): Promise<void> {
  const state = findStateByStep(step);
  const attempt = await readOpenAttempt(deps, ref);
  if (attempt.state === state) return;
  if (!isLegalTransition(attempt.state, state)) throw toAttemptEnded(ref, attempt);

  // The image is made and judged; a person takes their time, and others may build meanwhile.
  const isMade = step === 'Approve' || step === 'Distribute' || step === 'Release';
  const now = deps.clock.now();
  const look = new Date(now.getTime() + STUCK_SECONDS * 1000).toISOString();
  const record: StepRecord = {
    bake: ref.bake,
    attempt: ref.attempt,
    name: step,
    state: 'running',
    startedAt: now.toISOString(),
    links: {},
  };
  const isWritten = await tryWrite(deps.table, [
    {
      update: keys.attempt(ref.bake, ref.attempt),
      set: { state, duePk: due.attempt, dueSk: look, ...(isMade ? { capacity: [] } : {}) },
      when: { oneOf: { state: listPriorStates(state) }, equals: { endRequested: null } },
    },
    { update: keys.bake(ref.bake), set: { state }, when: { equals: { attempt: ref.attempt } } },
    { put: { ...keys.step(ref.bake, ref.attempt, step), ...record } },
    ...(isMade ? releaseSlots(attempt.capacity) : []),
  ]);
  if (isWritten) return;
  const found = await readOpenAttempt(deps, ref);
  if (found.state !== state) throw toAttemptEnded(ref, found);
}

/** Says what a running step waits for. */
export async function noteStep(deps: StepDeps, ref: BakeRef, step: StepName, summary: string): Promise<void> {
  await tryWrite(deps.table, [
    {
      update: keys.step(ref.bake, ref.attempt, step),
      set: { summary },
      when: { equals: { state: 'running' } },
    },
  ]);
}

/** Records how a running step ended. A step that has ended already keeps its first end. */
export async function endStep(
  deps: StepDeps,
  ref: BakeRef,
  step: StepName,
  end: Pick<StepRecord, 'warnings'> & {
    state: 'succeeded' | 'failed' | 'skipped';
    summary: string;
    links?: Record<string, string>;
  },
): Promise<void> {
  await tryWrite(deps.table, [
    {
      update: keys.step(ref.bake, ref.attempt, step),
      set: { links: {}, ...end, endedAt: deps.clock.now().toISOString() },
      when: { equals: { state: 'running' } },
    },
  ]);
}
