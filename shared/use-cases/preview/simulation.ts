/**
 * Simulates what follows from the rows of a table: the real use cases run over an overlay whose writes stay in memory, with a clock that is moved
 * on. Only bakes are simulated; each ends well, after as long as such bakes took.
 */
import { keys, parseExecutionName } from '../../domain/base/naming.ts';
import { estimateSeconds, estimateSecondsAfterApproval } from '../../domain/estimates/estimates.ts';
import { type BakeRecord, BakeRecordSchema } from '../../domain/records/bakes.ts';
import { type ChangeRecord, ChangeRecordSchema } from '../../domain/records/selectors.ts';
import type { HoldReason } from '../../domain/records/status.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ReconcileQueue } from '../../ports/reconcile-queue.ts';
import type { Table } from '../../ports/table.ts';
import type { Workflows } from '../../ports/workflows.ts';
import { recordOutcome } from '../bakes/record-outcome.ts';
import { enqueueNext } from '../capacity/slots.ts';
import { confirmWave } from '../reconcile/confirm-wave.ts';
import { type ReconcileDeps, reconcileIfExists } from '../reconcile/reconcile-pipeline.ts';
import { type Reader, readMany, readRecord } from '../store/read.ts';
import type { BakeHistory } from './bake-history.ts';
import { simulateDistribution, simulateRelease } from './simulate-release.ts';

export interface SimulationLimits {
  /** Bakes that are simulated at most. */
  readonly bakes: number;
  /** Nothing later than this is waited for. */
  readonly seconds: number;
  /** Real time after which the simulation stops. */
  readonly deadline: Date;
}

export interface SimulationDeps extends Omit<ReconcileDeps, 'workflows' | 'reconcileQueue' | 'clock'> {
  /** The overlay. */
  readonly table: Table;
  /** The table below it, as it is now. */
  readonly baseTable: Reader;
  /** The real clock; the simulation's starts at its time. */
  readonly clock: Clock;
  readonly history: (pipeline: string) => Promise<BakeHistory>;
}

export interface SimulatedBake {
  readonly bake: BakeRecord;
  readonly startedAt: string;
  /** Undefined where no bake like it has ended yet; it is simulated as if it took no time. */
  readonly seconds?: number;
  readonly endedAt?: string;
}

interface ReconcileRequest {
  readonly pipeline: string;
  readonly at: number;
}

export class Simulation {
  readonly ports: ReconcileDeps;
  readonly #deps: SimulationDeps;
  #time: number;
  /** Nothing is waited for beyond this time; what follows from a bake that ends later happens then. */
  #latest = Number.POSITIVE_INFINITY;
  #requests: readonly ReconcileRequest[] = [];
  readonly #starting: string[] = [];
  readonly #stopping: string[] = [];
  /** When each bake is built and judged: from then on newer versions do not supersede it. */
  readonly #distributions = new Map<string, number>();
  readonly #ends = new Map<string, number>();
  #bakesStarted = 0;
  /** Bakes that have begun or ended. */
  #events = 0;
  readonly #bakes = new Map<string, SimulatedBake>();
  readonly #holdReasons = new Map<string, readonly HoldReason[]>();
  readonly #confirmed: ChangeRecord[] = [];

  constructor(deps: SimulationDeps) {
    this.#deps = deps;
    this.#time = deps.clock.now().getTime();
    this.ports = {
      ...deps,
      clock: { now: () => new Date(this.#time) },
      reconcileQueue: this.#createQueue(),
      workflows: this.#createWorkflows(),
    };
  }

  /** By id, in the order in which they began. */
  get simulatedBakes(): ReadonlyMap<string, SimulatedBake> {
    return this.#bakes;
  }

  /** What holds a pipeline, as its last reconcile said, by name. */
  get holdReasons(): ReadonlyMap<string, readonly HoldReason[]> {
    return this.#holdReasons;
  }

  /** Changes whose wave is over the cap; each is taken as confirmed. */
  get confirmedChanges(): readonly ChangeRecord[] {
    return this.#confirmed;
  }

  /** Confirms the waves of these changes that wait for it. */
  async confirmWaves(changes: readonly ChangeRecord[]): Promise<void> {
    for (const { id, wave } of changes)
      if (wave !== undefined && wave.confirmed === undefined)
        this.#confirmed.push(await confirmWave(this.ports, { change: id, by: 'preview' }));
  }

  /** Takes a bake up that has begun; its end is simulated, counted from `startedAt`. */
  async begin(id: string, startedAt = this.#now()): Promise<void> {
    const bake = await readRecord(this.#deps.table, keys.bake(id), BakeRecordSchema);
    if (bake === undefined || this.#bakes.has(id)) return;
    this.#events += 1;
    const { durations } = await this.#deps.history(bake.pipeline);
    const seconds = estimateSeconds(durations, bake.startsAt);
    this.#bakes.set(id, { bake, startedAt, ...(seconds === undefined ? {} : { seconds }) });
    const end = Date.parse(startedAt) + (seconds ?? 0) * 1000;
    this.#ends.set(id, Math.max(this.#time, end));
    const distribution = end - estimateSecondsAfterApproval(durations) * 1000;
    if (seconds !== undefined && distribution < end)
      this.#distributions.set(id, Math.max(this.#time, distribution));
  }

  /** Runs until nothing is left to do. Returns why it stopped earlier, if it did. */
  async run(limits: SimulationLimits): Promise<string | undefined> {
    this.#latest = this.#deps.clock.now().getTime() + limits.seconds * 1000;
    this.#requests = this.#requests.filter(({ at }) => this.#isWithinLimits(at));
    let sweptEvents = -1;
    let recheckedEvents = -1;
    for (;;) {
      while (await this.#step()) {
        if (this.#bakesStarted > limits.bakes) return `after ${limits.bakes} bakes`;
        if (this.#deps.clock.now() > limits.deadline) return 'because it took too long';
      }
      // As the sweep does each minute, until enqueueing the heads of the slot queues changes nothing.
      if (sweptEvents < this.#events) {
        sweptEvents = this.#events;
        if ((await enqueueNext(this.ports)) > 0) continue;
      }
      if (this.#advance()) continue;
      // Ancestors may have come to rest after the last decision on what they held.
      if (recheckedEvents === this.#events) return undefined;
      recheckedEvents = this.#events;
      for (const pipeline of this.#holdReasons.keys()) this.#enqueue({ pipeline, at: this.#time });
    }
  }

  /** Moves the clock on to what comes next; false where nothing does. */
  #advance(): boolean {
    const times = [...this.#distributions.values(), ...this.#ends.values()];
    const next = Math.min(...this.#requests.map(({ at }) => at), ...times);
    if (!Number.isFinite(next)) return false;
    this.#time = next;
    return true;
  }

  /** Does one thing that is due now; false where nothing is. */
  async #step(): Promise<boolean> {
    const started = this.#starting.shift();
    if (started !== undefined) {
      this.#bakesStarted += 1;
      await this.begin(started);
      return true;
    }
    const stopped = this.#stopping.shift();
    if (stopped !== undefined) {
      await this.#supersede(stopped);
      return true;
    }
    const request = this.#requests.find(({ at }) => at <= this.#time);
    if (request !== undefined) {
      await this.#reconcile(request.pipeline);
      return true;
    }
    const distributed = this.#takeDue(this.#distributions);
    if (distributed !== undefined) {
      await simulateDistribution(this.ports, distributed);
      return true;
    }
    const ended = this.#takeDue(this.#ends);
    if (ended !== undefined) await this.#end(ended);
    return ended !== undefined;
  }

  #takeDue(times: Map<string, number>): string | undefined {
    const due = [...times].find(([, at]) => at <= this.#time);
    if (due !== undefined) times.delete(due[0]);
    return due?.[0];
  }

  /** One reconcile answers every request for the pipeline that is due. */
  async #reconcile(pipeline: string): Promise<void> {
    this.#requests = this.#requests.filter((entry) => entry.pipeline !== pipeline || entry.at > this.#time);
    const outcome = await reconcileIfExists(this.ports, pipeline);
    if (outcome.kind !== 'held') {
      this.#holdReasons.delete(pipeline);
      return;
    }
    this.#holdReasons.set(pipeline, outcome.reasons);
    const until = computeHoldEnd(outcome.reasons);
    if (until !== undefined && until > this.#time) this.#enqueue({ pipeline, at: until });
  }

  async #supersede(execution: string): Promise<void> {
    const name = parseExecutionName(execution.slice(execution.indexOf(':') + 1));
    if (name === undefined) return;
    this.#ends.delete(name.bake);
    this.#distributions.delete(name.bake);
    const error = { name: 'States.Aborted', cause: 'Newer versions came.' };
    await recordOutcome(this.ports, { ...name, error });
  }

  async #end(id: string): Promise<void> {
    this.#events += 1;
    const isReleased = await simulateRelease(this.ports, id);
    const entry = this.#bakes.get(id);
    if (entry !== undefined) this.#bakes.set(id, { ...entry, endedAt: this.#now() });
    if (isReleased) await this.#confirmCountedWaves(id);
  }

  /** A release counts the wave of a change that is its pipeline's own. Waves of changes in the table below wait for their person. */
  async #confirmCountedWaves(id: string): Promise<void> {
    const bake = await readRecord(this.#deps.table, keys.bake(id), BakeRecordSchema);
    const ids = (bake?.changes ?? []).map(keys.change);
    const [now, before] = await Promise.all([
      readMany(this.#deps.table, ids, ChangeRecordSchema),
      readMany(this.#deps.baseTable, ids, ChangeRecordSchema),
    ]);
    await this.confirmWaves(
      now.flatMap((change, index) => (before[index] === undefined ? (change ?? []) : [])),
    );
  }

  #enqueue(request: ReconcileRequest): void {
    if (this.#isWithinLimits(request.at)) this.#requests = [...this.#requests, request];
  }

  #isWithinLimits(at: number): boolean {
    return at <= Math.max(this.#time, this.#latest);
  }

  #now(): string {
    return new Date(this.#time).toISOString();
  }

  #createQueue(): ReconcileQueue {
    return {
      send: async (requests) => {
        for (const { pipeline, delaySeconds } of requests)
          this.#enqueue({ pipeline, at: this.#time + delaySeconds * 1000 });
      },
    };
  }

  #createWorkflows(): Pick<Workflows, 'startBake' | 'stop' | 'executionArn'> {
    const executionArn = (machine: string, name: string) => `${machine}:${name}`;
    return {
      executionArn,
      startBake: async (name, { bake }) => {
        if (!this.#bakes.has(bake)) this.#starting.push(bake);
        return executionArn('bake', name);
      },
      stop: async (execution) => void this.#stopping.push(execution),
    };
  }
}

/** When time ends the first of the reasons, as the next decision tells the rest; undefined where one of them needs more than time. */
function computeHoldEnd(reasons: readonly HoldReason[]): number | undefined {
  const times = reasons.map(({ until }) => (until === undefined ? undefined : Date.parse(until)));
  return times.every((at) => at !== undefined) ? Math.min(...times) : undefined;
}
