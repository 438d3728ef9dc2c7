/**
 * Writes the end of an attempt that was not released, once: the attempt and its bake, the step that was running, the fingerprint, the pipeline's
 * status and the event are one transaction. Afterwards the pipeline and its dependents are enqueued.
 */

import {
  type AttemptOutcome,
  applyOutcome,
  classifyFailure,
  findStepByState,
  isCounted,
  isRefusedByPeople,
  type WorkflowFailure,
} from '../../domain/bakes/outcomes.ts';
import type { BakeRef } from '../../domain/bakes/payloads.ts';
import { due, keys } from '../../domain/base/naming.ts';
import { isSameFingerprint, listTargetsNotIn } from '../../domain/reconcile/desired.ts';
import { listTargets } from '../../domain/reconcile/pipeline-spec.ts';
import { isTerminal, listPriorStates } from '../../domain/records/attempt-states.ts';
import {
  type AttemptRecord,
  type BakeRecord,
  type Failure,
  StepRecordSchema,
} from '../../domain/records/bakes.ts';
import type { OutboxRecord } from '../../domain/records/outbox.ts';
import type { RevisionRecord } from '../../domain/records/pipelines.ts';
import { type ChannelRecord, ChannelRecordSchema } from '../../domain/records/releases.ts';
import { FingerprintRecordSchema, PipelineStatusSchema } from '../../domain/records/status.ts';
import { bakeCancelledEvent, bakeFailedEvent, bakeSupersededEvent } from '../../events/bake-ended.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Write } from '../../ports/table.ts';
import { enqueueNextForSlots, releaseSlots } from '../capacity/slots.ts';
import { enqueueWithDependents } from '../graph/enqueue-dependents.ts';
import { readAttempt, readBakeAndRevision, readImages } from '../store/bakes.ts';
import { outboxWrite } from '../store/outbox.ts';
import { readRecord } from '../store/read.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import { dirtyAt } from '../store/status.ts';
import { CLEAN_UP_AGAIN_SECONDS } from './clean-up-bake.ts';
import type { StepDeps } from './steps.ts';

export type RecordOutcomeDeps = StepDeps & Pick<Ports, 'ids' | 'reconcileQueue'>;

const SUMMARY_LENGTH = 1000;

/** The state that the attempt ended in, now or before: terminal states are immutable. */
export async function recordOutcome(
  deps: RecordOutcomeDeps,
  input: BakeRef & { readonly error: WorkflowFailure },
): Promise<{ state: AttemptRecord['state'] }> {
  const { state, capacity, pipeline } = await retryOnConflict(
    `Attempt ${input.attempt} of bake ${input.bake} kept changing while its end was recorded.`,
    async () => {
      const attempt = await readAttempt(deps, input);
      const { state, capacity, endRequested } = attempt;
      if (isTerminal(state)) return { state, capacity, pipeline: undefined };
      const outcome = classifyFailure(input.error, endRequested);
      return { state: outcome.state, capacity, pipeline: await endAttempt(deps, attempt, outcome) };
    },
  );
  if (pipeline !== undefined) {
    await enqueueNextForSlots(deps, capacity);
    await enqueueWithDependents(deps, pipeline);
  }
  return { state };
}

/** What the writes that end an attempt rest on. */
interface Ending {
  readonly bake: BakeRecord;
  readonly attempt: AttemptRecord;
  readonly definition: RevisionRecord['definition'];
  readonly outcome: AttemptOutcome;
  readonly failure: Failure;
  /** What is current in its channel. */
  readonly channel: ChannelRecord | undefined;
  readonly at: string;
}

/** The pipeline whose attempt was ended. Throws WriteConflict when a row that this rests on changed meanwhile. */
async function endAttempt(
  deps: RecordOutcomeDeps,
  attempt: AttemptRecord,
  outcome: AttemptOutcome,
): Promise<string> {
  const { bake, revision } = await readBakeAndRevision(deps, attempt.bake);
  const failure = await describeFailure(deps, attempt, outcome);
  const channelKey = keys.channel(bake.pipeline, bake.channel);
  const channel = await readRecord(deps.table, channelKey, ChannelRecordSchema);
  const at = deps.clock.now().toISOString();
  const ending: Ending = { bake, attempt, definition: revision.definition, outcome, failure, channel, at };
  await deps.table.write([
    ...prepareAttemptEnd(ending),
    ...(await prepareStepEnd(deps, ending)),
    ...(await prepareFingerprintEnd(deps, ending)),
    ...(await prepareStatusEnd(deps, ending)),
    outcomeEventWrite(deps, ending),
  ]);
  return bake.pipeline;
}

async function describeFailure(
  deps: RecordOutcomeDeps,
  attempt: AttemptRecord,
  outcome: AttemptOutcome,
): Promise<Failure> {
  const step = findStepByState(attempt.state);
  const log = step === 'Build' ? await findBuildLog(deps, attempt) : undefined;
  return { ...outcome.failure, step, ...(log === undefined ? {} : { log }) };
}

async function findBuildLog(deps: RecordOutcomeDeps, attempt: AttemptRecord): Promise<string | undefined> {
  const images = await readImages(deps, attempt.bake);
  return images.find((image) => image.attempt === attempt.attempt && image.log !== undefined)?.log;
}

function prepareAttemptEnd({ attempt, outcome, failure, at }: Ending): Write[] {
  const { state } = outcome;
  const cleanAt = new Date(Date.parse(at) + CLEAN_UP_AGAIN_SECONDS * 1000).toISOString();
  return [
    {
      update: keys.attempt(attempt.bake, attempt.attempt),
      // Still due: what AWS was still ending is looked at soon, and a last time when nothing can be under way any more.
      set: { state, endedAt: at, failure, capacity: [], duePk: due.attempt, dueSk: cleanAt },
      when: {
        oneOf: { state: listPriorStates(state) },
        equals: {
          state: attempt.state,
          // A request to end that comes now decides the state, so it has to be read first.
          ...(attempt.endRequested === undefined ? { endRequested: null } : {}),
        },
      },
    },
    {
      update: keys.bake(attempt.bake),
      set: { state, endedAt: at },
      when: { equals: { attempt: attempt.attempt } },
    },
    ...releaseSlots(attempt.capacity),
  ];
}

async function prepareStepEnd(deps: RecordOutcomeDeps, { attempt, failure, at }: Ending): Promise<Write[]> {
  const step = keys.step(attempt.bake, attempt.attempt, failure.step);
  if ((await readRecord(deps.table, step, StepRecordSchema))?.state !== 'running') return [];
  return [
    {
      update: step,
      set: { state: 'failed', endedAt: at, summary: failure.reason.slice(0, SUMMARY_LENGTH) },
      when: { equals: { state: 'running' } },
    },
  ];
}

async function prepareFingerprintEnd(
  deps: RecordOutcomeDeps,
  { bake, definition, outcome, channel, at }: Ending,
): Promise<Write[]> {
  const key = keys.fingerprint(bake.pipeline, bake.bits, bake.proof);
  const before = await readRecord(deps.table, key, FingerprintRecordSchema);
  if (before?.bake !== bake.id || before.state !== 'baking') return [];
  const { maxFailures } = definition.lifecycle;
  const isCurrent = isSameFingerprint(channel, bake);
  const after = applyOutcome(outcome, before, { maxFailures, at, isCurrent });
  return [{ put: { ...key, ...after }, when: { equals: { bake: bake.id, state: 'baking' } } }];
}

/** The pipeline is free for its next bake, and what this one took up is pending again. Reconciling decides whether it starts. */
async function prepareStatusEnd(
  deps: RecordOutcomeDeps,
  { bake, definition, outcome, channel, at }: Ending,
): Promise<Write[]> {
  const key = keys.status(bake.pipeline);
  const status = await readRecord(deps.table, key, PipelineStatusSchema);
  if (status?.activeBake !== bake.id) return [];
  const failed = outcome.state === 'failed';
  const missing = isSameFingerprint(channel, bake)
    ? listTargetsNotIn(listTargets(definition), channel?.targets)
    : [];
  return [
    {
      update: key,
      set: {
        ...dirtyAt(at),
        dirtySince: status.dirtySince ?? at,
        changes: [...new Set([...bake.changes, ...status.changes])],
        causes: [...new Set([...bake.causes, ...status.causes])],
        consecutiveFailures: status.consecutiveFailures + (failed && isCounted(outcome) ? 1 : 0),
        supersededInRow: outcome.state === 'superseded' ? status.supersededInRow : 0,
        // The release stays as it is; only these targets are refused.
        ...(missing.length > 0 && isRefusedByPeople(outcome) ? { refusedTargets: missing } : {}),
      },
      remove: ['activeBake'],
      add: { version: 1 },
      when: { equals: { version: status.version, activeBake: bake.id } },
    },
  ];
}

function outcomeEventWrite(
  deps: RecordOutcomeDeps,
  { bake, attempt, definition, outcome, failure, at }: Ending,
): Write {
  const detail = {
    bake: bake.id,
    attempt: attempt.attempt,
    pipeline: bake.pipeline,
    team: definition.team,
    step: failure.step,
    name: failure.name,
    reason: failure.reason,
    ...(failure.log === undefined ? {} : { log: failure.log }),
    ...(attempt.execution === undefined ? {} : { execution: attempt.execution }),
    changes: bake.changes,
    causes: bake.causes,
  };
  return outboxWrite(deps.ids, toOutcomeEvent(outcome.state, detail), at);
}

function toOutcomeEvent(
  state: AttemptOutcome['state'],
  detail: Omit<Parameters<typeof bakeFailedEvent>[0], 'state'>,
): Pick<OutboxRecord, 'detailType' | 'detail'> {
  if (state === 'cancelled') return bakeCancelledEvent({ ...detail, state });
  if (state === 'superseded') return bakeSupersededEvent({ ...detail, state });
  return bakeFailedEvent({ ...detail, state });
}
