/** Starts a bake: one transaction makes it, its attempt, the fence of its fingerprint and its event, and only then is the machine started. */

import { due, keys, lists, nonSelectorChangeKey } from '../../domain/base/naming.ts';
import { listCauses } from '../../domain/reconcile/causes.ts';
import type { Decision } from '../../domain/reconcile/decide.ts';
import type { Observation } from '../../domain/reconcile/observed.ts';
import type { AttemptRecord, BakeRecord } from '../../domain/records/bakes.ts';
import type { ChangeRecord } from '../../domain/records/selectors.ts';
import type { FingerprintRecord } from '../../domain/records/status.ts';
import { bakeStartedEvent } from '../../events/bake-started.ts';
import type { Ports } from '../../ports/ports.ts';
import { MAX_WRITES, type Write } from '../../ports/table.ts';
import type { Workflows } from '../../ports/workflows.ts';
import { findExecution, startExecution } from '../bakes/executions.ts';
import { acquireSlots, slotKeys } from '../capacity/slots.ts';
import { changeWrite, toOwnChange } from '../store/changes.ts';
import { outboxWrite } from '../store/outbox.ts';
import type { ObservedRows } from './observe.ts';
import { clearedStatusWrite } from './record-decision.ts';

type StartDecision = Extract<Decision, { kind: 'start' }>;

export interface StartBakeDeps extends Pick<Ports, 'table' | 'clock' | 'ids' | 'limits'> {
  readonly workflows: Pick<Workflows, 'startBake' | 'executionArn'>;
}

/** A queued attempt whose execution does not run by then is started by the sweep. */
export const QUEUED_SECONDS = 60;

/** The bake that was recorded and started. Throws WriteConflict when a row that the decision rests on, or an ancestor's, has a newer version. */
export async function startBake(
  deps: StartBakeDeps,
  read: Pick<ObservedRows, 'observation'>,
  decision: StartDecision,
): Promise<BakeRecord> {
  const at = deps.clock.now().toISOString();
  const { observed } = read.observation;
  const tick = toTickChange(deps, read.observation, decision, at);
  const changes = [...decision.changes, ...(tick === undefined ? [] : [tick])];
  const bake = toBakeRecord(deps.ids.next(), read.observation, { ...decision, changes }, at);
  const slots = slotKeys(observed.pipeline.spec);
  const writes = [
    clearedStatusWrite(
      read,
      { at, kind: 'start', reasons: [], bake: bake.id },
      {
        activeBake: bake.id,
        ticksHandledUntil: observed.ticks?.open,
        tick: decision.desired.fingerprintInputs.tick,
      },
    ),
    ...bakeWrites(bake),
    ...(tick === undefined ? [] : [changeWrite(tick)]),
    ...acquireSlots(deps.limits, slots),
    attemptWrite(deps, bake, slots),
    fingerprintWrite(read, bake),
    startedEventWrite(deps, bake, { team: observed.pipeline.spec.team, at }),
  ];
  await deps.table.write([...writes, ...ancestorChecks(read.observation, MAX_WRITES - writes.length)]);
  await startExecution(deps.workflows, { bake: bake.id, attempt: bake.attempt });
  return bake;
}

/**
 * Checks that no ancestor was marked since it was read: a mark is a new version. Where they are more than fit into the transaction, the nearest are
 * checked; a change of the others reaches those first.
 */
function ancestorChecks({ ancestors }: Observation, room: number): Write[] {
  return ancestors.slice(0, room).map(
    ({ observed }): Write => ({
      check: keys.status(observed.pipeline.name),
      when: { equals: { version: observed.status.version } },
    }),
  );
}

/** A tick that bakes whatever has changed is a change of its own. */
function toTickChange(
  deps: Pick<StartBakeDeps, 'ids'>,
  { observed }: Observation,
  { desired: wanted }: StartDecision,
  at: string,
): ChangeRecord | undefined {
  const { tick } = wanted.fingerprintInputs;
  const before = observed.status.tick;
  if (tick === undefined || tick === before) return undefined;
  return toOwnChange({
    id: deps.ids.next(),
    selector: nonSelectorChangeKey('schedule', observed.pipeline.name),
    ...(before === undefined ? {} : { from: before }),
    to: tick,
    at,
  });
}

function toBakeRecord(id: string, observation: Observation, decision: StartDecision, at: string): BakeRecord {
  const { observed } = observation;
  const { desired: wanted, reason, changes, at: start } = decision;
  const { request } = observed.status;
  return {
    id,
    pipeline: observed.pipeline.name,
    revision: observed.pipeline.revision,
    channel: observed.pipeline.spec.channel,
    bits: wanted.bits,
    proof: wanted.proof,
    lock: wanted.lock,
    fingerprintInputs: wanted.fingerprintInputs,
    startsAt: start.step,
    ...(start.step === 'Build' ? {} : { reusesBake: start.reusesBake }),
    reason,
    changes: changes.map((change) => change.id),
    causes: [...new Set(changes.flatMap(listCauses))],
    ...(request === undefined ? {} : { requestedBy: request.by }),
    attempt: 1,
    state: 'queued',
    createdAt: at,
  };
}

function bakeWrites(bake: BakeRecord): Write[] {
  return [
    {
      put: { ...keys.bake(bake.id), ...bake, listPk: lists.bakes, listSk: bake.id },
      when: { exists: false },
    },
    {
      put: {
        ...keys.pipelineBake(bake.pipeline, bake.id),
        pipeline: bake.pipeline,
        bake: bake.id,
        createdAt: bake.createdAt,
      },
    },
  ];
}

function attemptWrite(
  deps: Pick<StartBakeDeps, 'workflows'>,
  bake: BakeRecord,
  capacity: readonly string[],
): Write {
  const ref = { bake: bake.id, attempt: bake.attempt };
  const attempt: AttemptRecord = {
    ...ref,
    state: 'queued',
    execution: findExecution(deps.workflows, ref),
    startedAt: bake.createdAt,
    cleanedUp: false,
    capacity: [...capacity],
  };
  const dueSk = new Date(new Date(bake.createdAt).getTime() + QUEUED_SECONDS * 1000).toISOString();
  return { put: { ...keys.attempt(bake.id, bake.attempt), ...attempt, duePk: due.attempt, dueSk } };
}

/** One bake per fingerprint: the first write of this row wins. */
function fingerprintWrite(read: Pick<ObservedRows, 'observation'>, bake: BakeRecord): Write {
  const known = read.observation.fingerprint;
  const record: FingerprintRecord = {
    pipeline: bake.pipeline,
    bits: bake.bits,
    proof: bake.proof,
    state: 'baking',
    bake: bake.id,
    failures: known?.failures ?? 0,
    ...(known?.shortages === undefined ? {} : { shortages: known.shortages }),
    targets: known?.targets,
    lastFailureAt: known?.lastFailureAt,
    // A release stays retained while it is brought to new targets or pointed to again.
    retained: known?.state === 'released' ? known.bake : known?.retained,
  };
  return {
    put: { ...keys.fingerprint(bake.pipeline, bake.bits, bake.proof), ...record },
    when: known === undefined ? { exists: false } : { equals: { bake: known.bake, state: known.state } },
  };
}

export function startedEventWrite(
  deps: Pick<StartBakeDeps, 'ids'>,
  { id, attempt, pipeline, reason, changes, causes }: BakeRecord,
  { team, at }: { readonly team: string; readonly at: string },
): Write {
  const event = bakeStartedEvent({ bake: id, attempt, pipeline, team, reason, changes, causes });
  return outboxWrite(deps.ids, event, at);
}
