/** Describes a finished simulation for the API: waves of bakes, holds, times and costs. */

import type { Preview } from '../../domain/api/explanation.ts';
import { keys, parseNonSelectorChange } from '../../domain/base/naming.ts';
import type { Definition } from '../../domain/definitions/definition.ts';
import { estimateCost, sumCosts } from '../../domain/estimates/estimates.ts';
import { PRICES } from '../../domain/estimates/prices.ts';
import { listRemedies } from '../../domain/reconcile/holds.ts';
import { type BakeRecord, BakeRecordSchema } from '../../domain/records/bakes.ts';
import { RevisionRecordSchema } from '../../domain/records/pipelines.ts';
import { ChannelRecordSchema } from '../../domain/records/releases.ts';
import { type ChangeRecord, ChangeRecordSchema } from '../../domain/records/selectors.ts';
import { FingerprintRecordSchema } from '../../domain/records/status.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Table } from '../../ports/table.ts';
import { type Reader, readFound, readMany, readRecord } from '../store/read.ts';
import type { BakeHistory } from './bake-history.ts';
import type { SimulatedBake, Simulation } from './simulation.ts';

interface DescribeSimulationDeps extends Pick<Ports, 'home' | 'table'> {
  readonly baseTable: Reader;
  readonly history: (pipeline: string) => Promise<BakeHistory>;
}

type SimulationSummary = Pick<
  Preview,
  'waves' | 'running' | 'held' | 'seconds' | 'unknownTime' | 'approvals' | 'cost'
>;
type PlannedBake = Preview['waves'][number]['bakes'][number];

interface PreviewedBake extends SimulatedBake {
  readonly changes: readonly ChangeRecord[];
  readonly definition: Definition;
  readonly history: BakeHistory;
  /** As it is now; undefined where the simulation began it. */
  readonly running: BakeRecord | undefined;
  readonly isRequested: boolean;
  /** Targets that a reused image is in already. */
  readonly reachedTargets: readonly string[];
}

export async function describeSimulation(
  deps: DescribeSimulationDeps,
  simulation: Simulation,
  began: Date,
): Promise<SimulationSummary> {
  const all = await readPreviewedBakes(deps, [...simulation.simulatedBakes.values()]);
  const bakes = all.filter(({ running }) => running === undefined);
  const asked = bakes.filter(({ isRequested: isAsked }) => isAsked);
  const levels = computeLevels(all);
  const costs = new Map(bakes.map((entry) => [entry.bake.id, computeBakeCost(deps, entry)]));
  const count = Math.max(-1, ...bakes.map(({ bake }) => levels.get(bake.id) ?? 0)) + 1;
  const approvals = asked.filter(
    ({ definition, bake }) => needsApproval(definition, bake) && !isSuperseded(bake),
  );
  return {
    waves: Array.from({ length: count }, (_, level) => ({
      level: level + 1,
      bakes: bakes
        .filter(({ bake }) => levels.get(bake.id) === level)
        .map((entry) => describePreviewedBake(entry, began, costs.get(entry.bake.id)))
        .sort((one, other) => (one.pipeline < other.pipeline ? -1 : 1)),
    })).filter((wave) => wave.bakes.length > 0),
    running: all.flatMap(({ running }) => {
      if (running === undefined) return [];
      const { id: bake, pipeline, state } = running;
      return [{ bake, pipeline, state }];
    }),
    held: [...simulation.holdReasons].map(([pipeline, reasons]) => ({
      pipeline,
      reasons: reasons.map((reason) => ({ ...reason, remedies: [...listRemedies(reason, pipeline)] })),
    })),
    ...computeTotalSeconds(asked, began),
    unknownTime: asked.filter(({ seconds }) => seconds === undefined).map(({ bake }) => bake.pipeline),
    approvals: {
      count: approvals.length,
      ...findLongest(approvals.flatMap(({ history }) => history.durations.Approve ?? [])),
    },
    cost: {
      ...sumCosts(asked.flatMap(({ bake }) => costs.get(bake.id) ?? [])),
      currency: PRICES.currency,
      prices: { source: PRICES.source, date: PRICES.date, region: PRICES.region },
    },
  };
}

async function readPreviewedBakes(
  deps: DescribeSimulationDeps,
  simulatedBakes: readonly SimulatedBake[],
): Promise<PreviewedBake[]> {
  const ids = simulatedBakes.map(({ bake }) => keys.bake(bake.id));
  const [bakes, before] = await Promise.all([
    readMany(deps.table, ids, BakeRecordSchema),
    readMany(deps.baseTable, ids, BakeRecordSchema),
  ]);
  const wanted = bakes.flatMap((bake) => bake?.changes ?? []);
  const changes = await readChangesById(deps.table, wanted);
  // Changes in the real table happen without the request, and so does the tick of a schedule.
  const causeIds = bakes.flatMap((bake) => bake?.causes ?? []);
  const [causes, anyway] = await Promise.all([
    readChangesById(deps.table, causeIds),
    readChangesById(deps.baseTable, causeIds),
  ]);
  const wasAsked = (id: string) =>
    !anyway.has(id) && parseNonSelectorChange(causes.get(id)?.selector ?? '') !== 'schedule';
  const named = simulatedBakes.map(({ bake }) => keys.revision(bake.pipeline, bake.revision));
  const revisions = await readMany(deps.table, named, RevisionRecordSchema);
  const seen = await Promise.all(
    simulatedBakes.map(async (entry, index): Promise<PreviewedBake[]> => {
      const [bake, definition] = [bakes[index], revisions[index]?.definition];
      if (bake === undefined || definition === undefined) return [];
      return [
        {
          ...entry,
          bake,
          definition,
          changes: bake.changes.flatMap((id) => changes.get(id) ?? []),
          history: await deps.history(bake.pipeline),
          running: before[index],
          isRequested: bake.causes.some(wasAsked),
          reachedTargets: await readReachedTargets(deps.baseTable, bake),
        },
      ];
    }),
  );
  return seen.flat();
}

async function readChangesById(
  table: Pick<Table, 'getMany'>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ChangeRecord>> {
  const rows = await readFound(table, [...new Set(ids)].map(keys.change), ChangeRecordSchema);
  return new Map(rows.map((row) => [row.id, row]));
}

/** A bake is one wave below the latest bake whose release it takes up. */
function computeLevels(seen: readonly PreviewedBake[]): ReadonlyMap<string, number> {
  const byRelease = new Map(
    seen.flatMap(({ bake }) => (bake.release === undefined ? [] : [[bake.release, bake.id] as const])),
  );
  const levels = new Map<string, number>();
  // In the order in which they started: each bake comes after those that it follows.
  for (const { bake, changes, running } of seen) {
    const above = changes.flatMap(({ release }) => {
      const earlier = release === undefined ? undefined : byRelease.get(release);
      return earlier === undefined || earlier === bake.id ? [] : [levels.get(earlier) ?? -1];
    });
    levels.set(bake.id, running === undefined ? Math.max(-1, ...above) + 1 : -1);
  }
  return levels;
}

function describePreviewedBake(
  seen: PreviewedBake,
  began: Date,
  cost: ReturnType<typeof estimateCost> | undefined,
): PlannedBake {
  const { bake, changes, definition, startedAt, seconds, isRequested: isAsked, history } = seen;
  return {
    pipeline: bake.pipeline,
    startsAt: bake.startsAt,
    reason: bake.reason,
    changes: changes.map(({ id, selector, from, to }) => ({
      id,
      selector,
      ...(from === undefined ? {} : { from }),
      to,
    })),
    isAsked,
    isSuperseded: isSuperseded(bake),
    startsIn: computeSecondsSince(began, startedAt),
    ...(seconds === undefined ? {} : { seconds }),
    timesFrom: history.from,
    needsApproval: needsApproval(definition, bake),
    targets: definition.distribution.targets.flatMap(({ account, regions, mode, required }) =>
      regions.map((region) => ({ account, region, mode, required })),
    ),
    ...(cost === undefined ? {} : { cost }),
  };
}

/** A superseded bake is built at most, and distributed to no target. */
function computeBakeCost(
  { home }: DescribeSimulationDeps,
  { bake, definition, history, reachedTargets: targets }: PreviewedBake,
): ReturnType<typeof estimateCost> {
  const cost = estimateCost(PRICES, definition, {
    startsAt: bake.startsAt,
    durations: history.durations,
    home: home.region,
    targets,
  });
  return isSuperseded(bake) ? { ...cost, transfer: 0, monthly: 0 } : cost;
}

function isSuperseded({ state }: BakeRecord): boolean {
  return state === 'superseded';
}

/** The targets of a reused release: those that its fingerprint names and, while it is current, those of its channel. */
async function readReachedTargets(
  table: Reader,
  { pipeline, channel, reusesBake }: BakeRecord,
): Promise<string[]> {
  if (reusesBake === undefined) return [];
  const retained = await readRecord(table, keys.bake(reusesBake), BakeRecordSchema);
  if (retained === undefined) return [];
  const [fingerprint, current] = await Promise.all([
    readRecord(table, keys.fingerprint(pipeline, retained.bits, retained.proof), FingerprintRecordSchema),
    readRecord(table, keys.channel(pipeline, channel), ChannelRecordSchema),
  ]);
  const isCurrent = current?.bits === retained.bits && current.proof === retained.proof;
  return [...(fingerprint?.targets ?? []), ...(isCurrent ? (current.targets ?? []) : [])];
}

/** False for an image that is only pointed to again: it has been approved before. */
function needsApproval({ approval }: Definition, { startsAt }: BakeRecord): boolean {
  return approval.required && startsAt !== 'Distribute';
}

function computeTotalSeconds(
  asked: readonly PreviewedBake[],
  began: Date,
): Pick<SimulationSummary, 'seconds'> {
  const known = asked.flatMap(({ endedAt, seconds }) =>
    endedAt === undefined || seconds === undefined ? [] : [computeSecondsSince(began, endedAt)],
  );
  return known.length === 0 ? {} : { seconds: Math.max(...known) };
}

function findLongest(seconds: readonly number[]): { seconds?: number } {
  return seconds.length === 0 ? {} : { seconds: Math.max(...seconds) };
}

function computeSecondsSince(began: Date, iso: string): number {
  return Math.max(0, (Date.parse(iso) - began.getTime()) / 1000);
}
