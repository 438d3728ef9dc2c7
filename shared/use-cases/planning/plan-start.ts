/** Starts a bake: one transaction makes it, its attempt, the fence of its fingerprint and its event, and only then is the machine started. */

import { due, executionName, keys, lists, otherChangeKey } from '../../domain/naming.ts';
import { causesOf } from '../../domain/planning/causes.ts';
import type { Decision } from '../../domain/planning/decision.ts';
import type { Situation } from '../../domain/planning/situation.ts';
import type { AttemptRecord, BakeRecord } from '../../domain/records/bakes.ts';
import type { OutboxRecord } from '../../domain/records/outbox.ts';
import type { FingerprintRecord } from '../../domain/records/planning.ts';
import type { ChangeRecord } from '../../domain/records/selectors.ts';
import { bakeStartedEvent } from '../../events/bake-started.ts';
import {
  type Clock,
  type Ids,
  type Limits,
  MAX_WRITES,
  type Table,
  type Workflows,
  type Write,
} from '../../ports.ts';
import { placeKeys, takePlaces } from './plan-capacity.ts';
import { clearedWrite } from './plan-record.ts';
import type { Read } from './plan-situation.ts';

type StartDecision = Extract<Decision, { kind: 'start' }>;

export interface StartBakeDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly limits: Limits;
  readonly workflows: Pick<Workflows, 'startBake' | 'executionArn'>;
}

/** A queued attempt whose execution does not run by then is started by the sweep. */
export const QUEUED_SECONDS = 60;

/** The bake that was recorded and started. Throws WriteConflict when a row that the decision rests on, or an ancestor's, has a newer version. */
export async function startBake(
  deps: StartBakeDeps,
  read: Pick<Read, 'situation'>,
  decision: StartDecision,
): Promise<BakeRecord> {
  const at = deps.clock.now().toISOString();
  const { seen } = read.situation;
  const tick = tickTaken(deps, read.situation, decision, at);
  const changes = [...decision.changes, ...(tick === undefined ? [] : [tick])];
  const bake = bakeOf(deps.ids.next(), read.situation, { ...decision, changes }, at);
  const places = placeKeys(seen.pipeline.plan);
  const writes = [
    clearedWrite(
      read,
      { at, kind: 'start', reasons: [], bake: bake.id },
      {
        activeBake: bake.id,
        ...(seen.ticks?.open === undefined ? {} : { ticksSeen: seen.ticks.open }),
        ...(decision.wanted.ingredients.tick === undefined ? {} : { tick: decision.wanted.ingredients.tick }),
      },
    ),
    ...bakeWrites(bake),
    ...(tick === undefined
      ? []
      : [
          {
            put: { ...keys.change(tick.id), ...tick, listPk: lists.changes, listSk: tick.id },
          } satisfies Write,
        ]),
    ...takePlaces(deps.limits, places),
    attemptWrite(deps, bake, places),
    fingerprintWrite(read, bake),
    publishWrite(deps, read.situation, bake),
  ];
  await deps.table.write([...writes, ...ancestorChecks(read.situation, MAX_WRITES - writes.length)]);
  await deps.workflows.startBake(executionOf(bake), { bake: bake.id, attempt: bake.attempt });
  return bake;
}

/**
 * An ancestor that begins to move meanwhile is marked with a new version. Of more than fit into the transaction the nearest are checked: who
 * is further away is told of to those first.
 */
function ancestorChecks({ ancestors }: Situation, room: number): Write[] {
  return ancestors.slice(0, room).map(
    ({ seen }): Write => ({
      check: keys.planning(seen.pipeline.name),
      when: { equals: { version: seen.planning.version } },
    }),
  );
}

function executionOf(bake: BakeRecord): string {
  return executionName({ bake: bake.id, attempt: bake.attempt, machine: 'bake' });
}

/** A tick that bakes whatever has changed is a change of its own. */
function tickTaken(
  deps: Pick<StartBakeDeps, 'ids'>,
  { seen }: Situation,
  { wanted }: StartDecision,
  at: string,
): ChangeRecord | undefined {
  const { tick } = wanted.ingredients;
  const before = seen.planning.tick;
  if (tick === undefined || tick === before) return undefined;
  const id = deps.ids.next();
  return {
    id,
    selector: otherChangeKey('schedule', seen.pipeline.name),
    ...(before === undefined ? {} : { from: before }),
    to: tick,
    at,
    cause: id,
    causes: [],
    follows: [],
    fanOut: 'done',
  };
}

function bakeOf(id: string, situation: Situation, decision: StartDecision, at: string): BakeRecord {
  const { seen } = situation;
  const { wanted, reason, changes, at: start } = decision;
  const { request } = seen.planning;
  return {
    id,
    pipeline: seen.pipeline.name,
    revision: seen.pipeline.revision,
    channel: seen.pipeline.plan.channel,
    bits: wanted.bits,
    proof: wanted.proof,
    lock: wanted.lock,
    ingredients: wanted.ingredients,
    startsAt: start.step,
    ...(start.step === 'Build' ? {} : { reuses: start.reuses }),
    reason,
    changes: changes.map((change) => change.id),
    causes: [...new Set(changes.flatMap(causesOf))],
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
        ...keys.bakeOfPipeline(bake.pipeline, bake.id),
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
  const attempt: AttemptRecord = {
    bake: bake.id,
    attempt: bake.attempt,
    state: 'queued',
    execution: deps.workflows.executionArn('bake', executionOf(bake)),
    startedAt: bake.createdAt,
    cleanedUp: false,
    capacity: [...capacity],
  };
  const dueSk = new Date(new Date(bake.createdAt).getTime() + QUEUED_SECONDS * 1000).toISOString();
  return { put: { ...keys.attempt(bake.id, bake.attempt), ...attempt, duePk: due.attempt, dueSk } };
}

/** One bake per fingerprint: whoever writes this row first has it. */
function fingerprintWrite(read: Pick<Read, 'situation'>, bake: BakeRecord): Write {
  const known = read.situation.fingerprint;
  const record: FingerprintRecord = {
    pipeline: bake.pipeline,
    bits: bake.bits,
    proof: bake.proof,
    state: 'baking',
    bake: bake.id,
    failures: known?.failures ?? 0,
    ...(known?.places === undefined ? {} : { places: known.places }),
    ...(known?.lastFailureAt === undefined ? {} : { lastFailureAt: known.lastFailureAt }),
    ...keptBake(known),
  };
  return {
    put: { ...keys.fingerprint(bake.pipeline, bake.bits, bake.proof), ...record },
    when: known === undefined ? { exists: false } : { equals: { bake: known.bake, state: known.state } },
  };
}

/** A release stays kept while it is brought to new targets or pointed to again. */
function keptBake(known: FingerprintRecord | undefined): Pick<FingerprintRecord, 'kept'> {
  const kept = known?.state === 'released' ? known.bake : known?.kept;
  return kept === undefined ? {} : { kept };
}

function publishWrite(deps: Pick<StartBakeDeps, 'ids'>, situation: Situation, bake: BakeRecord): Write {
  const { team } = situation.seen.pipeline.plan;
  const event = bakeStartedEvent({
    bake: bake.id,
    attempt: bake.attempt,
    pipeline: bake.pipeline,
    ...(team === undefined ? {} : { team }),
    reason: bake.reason,
    changes: bake.changes,
    causes: bake.causes,
  });
  const record: OutboxRecord = { id: deps.ids.next(), ...event, at: bake.createdAt, published: false };
  return { put: { ...keys.outbox(record.id), ...record, duePk: due.outbox, dueSk: bake.createdAt } };
}
