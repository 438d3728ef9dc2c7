/**
 * How a step of a bake begins and ends. The first function of each nested machine begins its step, the last one ends it; both may be
 * repeated. Nothing else moves an attempt forward.
 */

import type { BakeRef } from '../../domain/bakes/payloads.ts';
import { AttemptEnded, BakeNotFound } from '../../domain/base/errors.ts';
import { due, keys } from '../../domain/base/naming.ts';
import {
  findStateByStep,
  isLegalTransition,
  isTerminal,
  listPriorStates,
  type StepName,
} from '../../domain/records/attempt-states.ts';
import {
  type ArtifactRecord,
  ArtifactRecordSchema,
  type AttemptRecord,
  AttemptRecordSchema,
  type BakeRecord,
  BakeRecordSchema,
  type StepRecord,
} from '../../domain/records/bakes.ts';
import { type RevisionRecord, RevisionRecordSchema } from '../../domain/records/pipelines.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Table, WriteConflict } from '../../ports/table.ts';
import { releaseSlots } from '../capacity/slots.ts';
import { readAll } from '../store/read.ts';

export interface StepDeps {
  readonly table: Table;
  readonly clock: Clock;
}

/** How long an attempt may stand in one state before somebody looks whether it is stuck. */
const STUCK_SECONDS = 900;

export async function readAttempt(deps: Pick<StepDeps, 'table'>, ref: BakeRef): Promise<AttemptRecord> {
  const item = await deps.table.get(keys.attempt(ref.bake, ref.attempt));
  if (item === undefined) throw new BakeNotFound(ref.bake);
  return AttemptRecordSchema.parse(item);
}

/** The attempt, if work may still be done for it. Every function that makes something in AWS asks first. */
export async function readOpenAttempt(deps: Pick<StepDeps, 'table'>, ref: BakeRef): Promise<AttemptRecord> {
  const attempt = await readAttempt(deps, ref);
  if (isTerminal(attempt.state) || attempt.endRequested !== undefined) throw toAttemptEnded(ref, attempt);
  return attempt;
}

export async function readBake(deps: Pick<StepDeps, 'table'>, id: string): Promise<BakeRecord> {
  const item = await deps.table.get(keys.bake(id));
  if (item === undefined) throw new BakeNotFound(id);
  return BakeRecordSchema.parse(item);
}

/** The images of all attempts of a bake. */
export async function readImages(deps: Pick<StepDeps, 'table'>, bake: string): Promise<ArtifactRecord[]> {
  const { pk } = keys.bake(bake);
  return await readAll(deps.table, { pk, prefix: 'ARTIFACT#' }, ArtifactRecordSchema);
}

/** The bake with the revision of its pipeline that it was locked with. */
export async function readBakeAndRevision(
  deps: Pick<StepDeps, 'table'>,
  id: string,
): Promise<{ bake: BakeRecord; revision: RevisionRecord }> {
  const bake = await readBake(deps, id);
  const item = await deps.table.get(keys.revision(bake.pipeline, bake.revision));
  return { bake, revision: RevisionRecordSchema.parse(item) };
}

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
  try {
    await deps.table.write([
      {
        update: keys.attempt(ref.bake, ref.attempt),
        set: { state, duePk: due.attempt, dueSk: look, ...(isMade ? { capacity: [] } : {}) },
        when: { oneOf: { state: listPriorStates(state) }, equals: { endRequested: null } },
      },
      { update: keys.bake(ref.bake), set: { state }, when: { equals: { attempt: ref.attempt } } },
      { put: { ...keys.step(ref.bake, ref.attempt, step), ...record } },
      ...(isMade ? releaseSlots(attempt.capacity) : []),
    ]);
  } catch (error) {
    if (!(error instanceof WriteConflict)) throw error;
    const found = await readOpenAttempt(deps, ref);
    if (found.state !== state) throw toAttemptEnded(ref, found);
  }
}

/** Records how a running step ended. A step that has ended already keeps its first end. */
export async function endStep(
  deps: StepDeps,
  ref: BakeRef,
  step: StepName,
  end: { state: 'succeeded' | 'failed' | 'skipped'; summary: string; links?: Record<string, string> },
): Promise<void> {
  try {
    await deps.table.write([
      {
        update: keys.step(ref.bake, ref.attempt, step),
        set: {
          state: end.state,
          summary: end.summary,
          links: end.links ?? {},
          endedAt: deps.clock.now().toISOString(),
        },
        when: { equals: { state: 'running' } },
      },
    ]);
  } catch (error) {
    if (!(error instanceof WriteConflict)) throw error;
  }
}

function toAttemptEnded(ref: BakeRef, attempt: AttemptRecord): AttemptEnded {
  const why =
    attempt.endRequested === undefined
      ? `is ${attempt.state}`
      : `was asked to end as ${attempt.endRequested.as} by ${attempt.endRequested.by}`;
  return new AttemptEnded(
    `Attempt ${ref.attempt} of bake ${ref.bake} ${why}; nothing more is done for it.`,
    ref,
  );
}
