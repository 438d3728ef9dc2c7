/**
 * Plays what would happen: the real use cases, from noticing to release, over a table whose writes stay in memory, with a clock that is moved
 * on. Only the bakes are played; each ends well, after as long as such bakes took.
 */

import { keys, parseExecutionName } from '../../domain/base/naming.ts';
import { estimateSeconds, estimateSecondsAfterApproval } from '../../domain/estimates/estimates.ts';
import { type BakeRecord, BakeRecordSchema } from '../../domain/records/bakes.ts';
import { type ChangeRecord, ChangeRecordSchema } from '../../domain/records/selectors.ts';
import type { HoldReason } from '../../domain/records/status.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Table } from '../../ports/table.ts';
import { recordOutcome } from '../bakes/record-outcome.ts';
import { enqueueNext } from '../capacity/slots.ts';
import { confirmWave } from '../reconcile/confirm-wave.ts';
import { type ReconcileDeps, reconcileIfExists } from '../reconcile/reconcile-pipeline.ts';
import { type Reader, readMany, readRecord } from '../store/read.ts';
import type { BakeHistory } from './bake-history.ts';
import { simulateDistribution, simulateRelease } from './simulate-release.ts';

export interface SimulationLimits {
  /** Bakes that are played at most. */
  readonly bakes: number;
  /** Nothing is waited for beyond this. */
  readonly seconds: number;
  /** Real time after which it stops. */
  readonly deadline: Date;
}

export interface SimulationDeps extends Omit<ReconcileDeps, 'workflows' | 'reconcileQueue' | 'clock'> {
  readonly table: Table;
  /** The table below: what stands there was not asked for. */
  readonly baseTable: Reader;
  /** The real one: the rehearsal's starts there and is moved on. */
  readonly clock: Clock;
  readonly history: (pipeline: string) => Promise<BakeHistory>;
}

export interface SimulatedBake {
  readonly bake: BakeRecord;
  readonly startedAt: string;
  /** Undefined where nobody knows how long it takes; it is played as if it took no time. */
  readonly seconds?: number;
  readonly endedAt?: string;
}

export interface Simulation {
  readonly ports: ReconcileDeps;
  readonly simulatedBakes: ReadonlyMap<string, SimulatedBake>;
  /** By pipeline: what it was held by when it was planned last. */
  readonly holdReasons: ReadonlyMap<string, readonly HoldReason[]>;
  /** Changes whose wave is larger than may start without a person, taken as confirmed. */
  readonly confirmedChanges: readonly ChangeRecord[];
  /** Takes the waves of these changes as confirmed, where they wait for that. */
  confirmWaves(changes: readonly ChangeRecord[]): Promise<void>;
  /** A bake that runs already, which the rehearsal sees end. */
  addRunningBake(bake: BakeRecord, startedAt: string): Promise<void>;
  /** Until nothing is to be done any more. Answers why it stopped earlier, if it did. */
  run(bounds: SimulationLimits): Promise<string | undefined>;
}

export function createSimulation(deps: SimulationDeps): Simulation {
  let time = deps.clock.now().getTime();
  const clock: Clock = { now: () => new Date(time) };
  const simulatedBakes = new Map<string, SimulatedBake>();
  const held = new Map<string, readonly HoldReason[]>();
  const asked: { pipeline: string; at: number }[] = [];
  /** When a bake is made and judged, from when on it is not overtaken any more. */
  const decided = new Map<string, number>();
  const ends = new Map<string, number>();
  const begun: string[] = [];
  const confirmed: ChangeRecord[] = [];
  const stopped: string[] = [];
  /** Bakes that have begun or ended. */
  let events = 0;
  let begunHere = 0;
  let latest = Number.POSITIVE_INFINITY;
  /** Nothing is waited for beyond the latest time; what follows from a bake that ends later happens then. */
  const ask = (pipeline: string, at: number): void => {
    if (at <= Math.max(time, latest)) asked.push({ pipeline, at });
  };
  const executionArn = (machine: string, name: string) => `${machine}:${name}`;

  const ports: ReconcileDeps = {
    ...deps,
    clock,
    reconcileQueue: {
      send: async (requests) => {
        for (const { pipeline, delaySeconds } of requests) ask(pipeline, time + delaySeconds * 1000);
      },
    },
    workflows: {
      executionArn,
      startBake: async (name, { bake }) => {
        if (!simulatedBakes.has(bake)) begun.push(bake);
        return executionArn('bake', name);
      },
      stop: async (execution) => void stopped.push(execution),
    },
  };

  const begin = async (id: string, startedAt = clock.now().toISOString()): Promise<void> => {
    const bake = await readRecord(deps.table, keys.bake(id), BakeRecordSchema);
    if (bake === undefined || simulatedBakes.has(id)) return;
    events += 1;
    const { durations } = await deps.history(bake.pipeline);
    const seconds = estimateSeconds(durations, bake.startsAt);
    simulatedBakes.set(id, { bake, startedAt, ...(seconds === undefined ? {} : { seconds }) });
    const end = Date.parse(startedAt) + (seconds ?? 0) * 1000;
    ends.set(id, Math.max(time, end));
    const distributes = end - estimateSecondsAfterApproval(durations) * 1000;
    if (seconds !== undefined && distributes < end) decided.set(id, Math.max(time, distributes));
  };
  const plan = async (pipeline: string): Promise<void> => {
    const outcome = await reconcileIfExists(ports, pipeline);
    if (outcome.kind === 'held') held.set(pipeline, outcome.reasons);
    else held.delete(pipeline);
    const wake = outcome.kind === 'held' ? computeHoldEnd(outcome.reasons) : undefined;
    if (wake !== undefined && wake > time) ask(pipeline, wake);
  };
  const confirm = async (changes: readonly ChangeRecord[]): Promise<void> => {
    for (const { id, wave } of changes)
      if (wave !== undefined && wave.confirmed === undefined)
        confirmed.push(await confirmWave(ports, { change: id, by: 'preview' }));
  };
  /** What a pipeline's own change leads to is counted with its release. Waves that others have asked for wait for them. */
  const confirmLate = async (bake: string): Promise<void> => {
    const { changes } = (await readRecord(deps.table, keys.bake(bake), BakeRecordSchema)) ?? { changes: [] };
    const ids = changes.map((id) => keys.change(id));
    const [now, before] = await Promise.all([
      readMany(deps.table, ids, ChangeRecordSchema),
      readMany(deps.baseTable, ids, ChangeRecordSchema),
    ]);
    await confirm(now.flatMap((change, index) => (change === undefined || before[index] ? [] : [change])));
  };
  const stop = async (execution: string): Promise<void> => {
    const name = parseExecutionName(execution.slice(execution.indexOf(':') + 1));
    if (name === undefined) return;
    ends.delete(name.bake);
    decided.delete(name.bake);
    await recordOutcome(ports, { ...name, error: { name: 'States.Aborted', cause: 'Newer versions came.' } });
  };
  const end = async (id: string): Promise<void> => {
    ends.delete(id);
    events += 1;
    const isReleased = await simulateRelease(ports, id);
    const entry = simulatedBakes.get(id);
    if (entry !== undefined) simulatedBakes.set(id, { ...entry, endedAt: clock.now().toISOString() });
    if (isReleased) await confirmLate(id);
  };

  /** One thing that is to be done at this moment. Every pipeline that was asked for is planned once, however often it was. */
  const step = async (): Promise<boolean> => {
    const id = begun.shift();
    if (id !== undefined) {
      begunHere += 1;
      await begin(id);
      return true;
    }
    const execution = stopped.shift();
    if (execution !== undefined) {
      await stop(execution);
      return true;
    }
    const due = asked.filter(({ at }) => at <= time).map(({ pipeline }) => pipeline);
    const [pipeline] = due;
    if (pipeline !== undefined) {
      const others = asked.filter((entry) => entry.pipeline !== pipeline || entry.at > time);
      asked.splice(0, asked.length, ...others);
      await plan(pipeline);
      return true;
    }
    const made = [...decided].find(([, at]) => at <= time);
    if (made !== undefined) {
      decided.delete(made[0]);
      await simulateDistribution(ports, made[0]);
      return true;
    }
    const over = [...ends].find(([, at]) => at <= time);
    if (over === undefined) return false;
    await end(over[0]);
    return true;
  };

  return {
    ports,
    simulatedBakes,
    holdReasons: held,
    confirmedChanges: confirmed,
    confirmWaves: confirm,
    addRunningBake: (bake, startedAt) => begin(bake.id, startedAt),
    async run(bounds) {
      latest = deps.clock.now().getTime() + bounds.seconds * 1000;
      const known = asked.splice(0);
      for (const { pipeline, at } of known) ask(pipeline, at);
      let swept = -1;
      for (;;) {
        while (await step()) {
          if (begunHere > bounds.bakes) return `after ${bounds.bakes} bakes`;
          if (deps.clock.now() > bounds.deadline) return 'because it took too long';
        }
        // As the sweep does each minute: whoever is first in a line is asked, until nothing comes of that any more.
        if (swept < events) {
          swept = events;
          if ((await enqueueNext(ports)) > 0) continue;
        }
        const next = Math.min(...asked.map(({ at }) => at), ...decided.values(), ...ends.values());
        if (!Number.isFinite(next)) return undefined;
        time = next;
      }
    },
  };
}

/** When time ends the first of them, where it ends them all: the next decision tells the rest. */
function computeHoldEnd(reasons: readonly HoldReason[]): number | undefined {
  const times = reasons.map(({ until }) => (until === undefined ? undefined : Date.parse(until)));
  return times.every((at) => at !== undefined) ? Math.min(...times) : undefined;
}
