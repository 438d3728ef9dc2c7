/** What a rehearsal has shown, as people and programs are told of it. */
import type { Preview } from '../../domain/api/planning.ts';
import type { Definition } from '../../domain/definitions/definition.ts';
import type { Home } from '../../domain/definitions/references.ts';
import { costOf, sumOf } from '../../domain/estimating/estimates.ts';
import { PRICES } from '../../domain/estimating/prices.ts';
import { keys, otherChange } from '../../domain/naming.ts';
import { type BakeRecord, BakeRecordSchema } from '../../domain/records/bakes.ts';
import { RevisionRecordSchema } from '../../domain/records/pipelines.ts';
import { FingerprintRecordSchema } from '../../domain/records/planning.ts';
import { ChannelRecordSchema } from '../../domain/records/releases.ts';
import { type ChangeRecord, ChangeRecordSchema } from '../../domain/records/selectors.ts';
import { remediesOf } from '../../domain/telling/remedies.ts';
import type { Table } from '../../ports.ts';
import { type Reader, read, readMany } from '../store/read.ts';
import type { History } from './history.ts';
import type { Played, Rehearsal } from './rehearsal.ts';

interface TellDeps {
  readonly home: Home;
  readonly table: Table;
  readonly under: Reader;
  readonly history: (pipeline: string) => Promise<History>;
}

type Told = Pick<Preview, 'waves' | 'running' | 'held' | 'seconds' | 'unknownTime' | 'approvals' | 'cost'>;
type PlannedBake = Preview['waves'][number]['bakes'][number];

interface Seen extends Played {
  readonly changes: readonly ChangeRecord[];
  readonly definition: Definition;
  readonly history: History;
  /** As it is now; undefined where the rehearsal began it. */
  readonly running: BakeRecord | undefined;
  readonly isAsked: boolean;
  /** Where an image that it uses again is already. */
  readonly places: readonly string[];
}

export async function tell(deps: TellDeps, rehearsal: Rehearsal, began: Date): Promise<Told> {
  const all = await seenOf(deps, [...rehearsal.played.values()]);
  const bakes = all.filter(({ running }) => running === undefined);
  const asked = bakes.filter(({ isAsked }) => isAsked);
  const levels = levelsOf(all);
  const costs = new Map(bakes.map((entry) => [entry.bake.id, costOfBake(deps, entry)]));
  const count = Math.max(-1, ...bakes.map(({ bake }) => levels.get(bake.id) ?? 0)) + 1;
  const approvals = asked.filter(
    ({ definition, bake }) => needsApproval(definition, bake) && !isSuperseded(bake),
  );
  return {
    waves: Array.from({ length: count }, (_, level) => ({
      level: level + 1,
      bakes: bakes
        .filter(({ bake }) => levels.get(bake.id) === level)
        .map((entry) => toldOf(entry, began, costs.get(entry.bake.id)))
        .sort((one, other) => (one.pipeline < other.pipeline ? -1 : 1)),
    })).filter((wave) => wave.bakes.length > 0),
    running: all.flatMap(({ running }) => {
      if (running === undefined) return [];
      const { id: bake, pipeline, state } = running;
      return [{ bake, pipeline, state }];
    }),
    held: [...rehearsal.held].map(([pipeline, reasons]) => ({
      pipeline,
      reasons: reasons.map((reason) => ({ ...reason, remedies: remediesOf(reason, pipeline) })),
    })),
    ...secondsOfAll(asked, began),
    unknownTime: asked.filter(({ seconds }) => seconds === undefined).map(({ bake }) => bake.pipeline),
    approvals: {
      count: approvals.length,
      ...longest(approvals.flatMap(({ history }) => history.durations.Approve ?? [])),
    },
    cost: {
      ...sumOf(asked.flatMap(({ bake }) => costs.get(bake.id) ?? [])),
      currency: PRICES.currency,
      prices: { source: PRICES.source, date: PRICES.date, region: PRICES.region },
    },
  };
}

async function seenOf(deps: TellDeps, played: readonly Played[]): Promise<Seen[]> {
  const ids = played.map(({ bake }) => keys.bake(bake.id));
  const [bakes, before] = await Promise.all([
    readMany(deps.table, ids, BakeRecordSchema),
    readMany(deps.under, ids, BakeRecordSchema),
  ]);
  const wanted = bakes.flatMap((bake) => bake?.changes ?? []);
  const changes = await rowsById(deps.table, wanted);
  // What stands in the real table already would happen anyway, and so would the tick of a schedule.
  const named = bakes.flatMap((bake) => bake?.causes ?? []);
  const [causes, anyway] = await Promise.all([rowsById(deps.table, named), rowsById(deps.under, named)]);
  const wasAsked = (id: string) =>
    !anyway.has(id) && otherChange(causes.get(id)?.selector ?? '') !== 'schedule';
  const revisions = await readMany(
    deps.table,
    played.map(({ bake }) => keys.revision(bake.pipeline, bake.revision)),
    RevisionRecordSchema,
  );
  const seen = await Promise.all(
    played.map(async (entry, index): Promise<Seen[]> => {
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
          isAsked: bake.causes.some(wasAsked),
          places: await placesKept(deps.under, bake),
        },
      ];
    }),
  );
  return seen.flat();
}

async function rowsById(
  table: Pick<Table, 'getMany'>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ChangeRecord>> {
  const each = [...new Set(ids)].map((id) => keys.change(id));
  const rows = await readMany(table, each, ChangeRecordSchema);
  return new Map(rows.flatMap((row) => (row === undefined ? [] : [[row.id, row]])));
}

/** A bake is one wave below the latest bake whose release it takes up. */
function levelsOf(seen: readonly Seen[]): ReadonlyMap<string, number> {
  const byRelease = new Map(
    seen.flatMap(({ bake }) => (bake.release === undefined ? [] : [[bake.release, bake.id] as const])),
  );
  const levels = new Map<string, number>();
  // In the order in which they started: what is followed is known before what follows.
  for (const { bake, changes, running } of seen) {
    const above = changes.flatMap(({ release }) => {
      const earlier = release === undefined ? undefined : byRelease.get(release);
      return earlier === undefined || earlier === bake.id ? [] : [levels.get(earlier) ?? -1];
    });
    levels.set(bake.id, running === undefined ? Math.max(-1, ...above) + 1 : -1);
  }
  return levels;
}

function toldOf(seen: Seen, began: Date, cost: ReturnType<typeof costOf> | undefined): PlannedBake {
  const { bake, changes, definition, startedAt, seconds, isAsked, history } = seen;
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
    startsIn: secondsSince(began, startedAt),
    ...(seconds === undefined ? {} : { seconds }),
    timesFrom: history.from,
    needsApproval: needsApproval(definition, bake),
    targets: definition.distribution.targets.flatMap(({ account, regions, mode, required }) =>
      regions.map((region) => ({ account, region, mode, required })),
    ),
    ...(cost === undefined ? {} : { cost }),
  };
}

/** What is overtaken is built at most, and goes nowhere. */
function costOfBake(
  { home }: TellDeps,
  { bake, definition, history, places }: Seen,
): ReturnType<typeof costOf> {
  const cost = costOf(PRICES, definition, {
    startsAt: bake.startsAt,
    durations: history.durations,
    home: home.region,
    places,
  });
  return isSuperseded(bake) ? { ...cost, transfer: 0, monthly: 0 } : cost;
}

function isSuperseded({ state }: BakeRecord): boolean {
  return state === 'superseded';
}

/** A release has its places with its fingerprint, and the current one with its channel, which may know of more. */
async function placesKept(table: Reader, { pipeline, channel, reuses }: BakeRecord): Promise<string[]> {
  if (reuses === undefined) return [];
  const kept = await read(table, keys.bake(reuses), BakeRecordSchema);
  if (kept === undefined) return [];
  const [fingerprint, current] = await Promise.all([
    read(table, keys.fingerprint(pipeline, kept.bits, kept.proof), FingerprintRecordSchema),
    read(table, keys.channel(pipeline, channel), ChannelRecordSchema),
  ]);
  const isCurrent = current?.bits === kept.bits && current.proof === kept.proof;
  return [...(fingerprint?.places ?? []), ...(isCurrent ? (current.places ?? []) : [])];
}

/** What is only pointed to again has been approved before. */
function needsApproval({ approval }: Definition, { startsAt }: BakeRecord): boolean {
  return approval.required && startsAt !== 'Distribute';
}

function secondsOfAll(asked: readonly Seen[], began: Date): Pick<Told, 'seconds'> {
  const known = asked.flatMap(({ endedAt, seconds }) =>
    endedAt === undefined || seconds === undefined ? [] : [secondsSince(began, endedAt)],
  );
  return known.length === 0 ? {} : { seconds: Math.max(...known) };
}

function longest(seconds: readonly number[]): { seconds?: number } {
  return seconds.length === 0 ? {} : { seconds: Math.max(...seconds) };
}

function secondsSince(began: Date, iso: string): number {
  return Math.max(0, (Date.parse(iso) - began.getTime()) / 1000);
}
