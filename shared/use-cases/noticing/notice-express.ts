/**
 * The short way from a change to a bake. A pipeline that waits for nobody is looked at while its selector is being resolved, and if it would
 * start, it starts in the transaction of the move itself. Where anything is unusual the ordinary way is taken: mark, plan, start.
 */
import { keys } from '../../domain/naming.ts';
import { causesOf, differences } from '../../domain/planning/causes.ts';
import { decide } from '../../domain/planning/decision.ts';
import type { Situation } from '../../domain/planning/situation.ts';
import { type Seen, wishOf } from '../../domain/planning/wish.ts';
import { dependenciesOf, PipelineRecordSchema } from '../../domain/records/pipelines.ts';
import { PlanningRecordSchema } from '../../domain/records/planning.ts';
import { ChannelRecordSchema } from '../../domain/records/releases.ts';
import {
  type ChangeRecord,
  type SelectorRecord,
  SelectorRecordSchema,
  type SelectorUserRecord,
} from '../../domain/records/selectors.ts';
import { selectorKey } from '../../domain/versions/selectors.ts';
import type { Clock, Digest, Ids, Limits, Table, Workflows, Write } from '../../ports.ts';
import { type StartBakeDeps, startWrites } from '../planning/plan-start.ts';
import { ReadBatch } from '../store/read-batch.ts';

export interface ExpressDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly digest: Digest;
  readonly limits: Limits;
  readonly workflows: Pick<Workflows, 'prepareBake' | 'executionArn'>;
}

/** A wave of many is planned in the ordinary way, where one that fails does not hold up the others. */
export const EXPRESS_USERS = 3;

export interface ExpressRead {
  /** What was read of the pipelines that might take the short way. */
  readonly seen: ReadonlyMap<string, Seen>;
  /** Those of them on whose releases nobody builds. */
  readonly leaves: ReadonlySet<string>;
}

/** One read for all. */
export async function readExpress(
  deps: Pick<ExpressDeps, 'table'>,
  users: readonly SelectorUserRecord[],
): Promise<ExpressRead> {
  const batch = new ReadBatch();
  const express = wantExpress(batch, users);
  await batch.send(deps.table);
  return express();
}

/** The same as a part of a batch that is read for something else, too. */
export function wantExpress(batch: ReadBatch, users: readonly SelectorUserRecord[]): () => ExpressRead {
  const rows = users.flatMap((user) =>
    user.express === undefined ? [] : [rowsOf(batch, user, user.express)],
  );
  const releases = users.flatMap(({ pipeline, express }) => {
    if (express === undefined) return [];
    const key = selectorKey({ kind: 'pipeline', pipeline, channel: express.plan.channel });
    return [{ pipeline, row: batch.want(keys.selector(key), SelectorRecordSchema) }];
  });
  return () => {
    const seen = rows.flatMap((row) => row() ?? []);
    return {
      seen: new Map(seen.map((entry) => [entry.pipeline.name, entry])),
      leaves: new Set(releases.flatMap(({ pipeline, row }) => (row() === undefined ? [pipeline] : []))),
    };
  };
}

function rowsOf(
  batch: ReadBatch,
  user: SelectorUserRecord,
  express: NonNullable<SelectorUserRecord['express']>,
): () => Seen | undefined {
  const { plan } = express;
  const pipeline = batch.want(keys.pipeline(user.pipeline), PipelineRecordSchema);
  const planning = batch.want(keys.planning(user.pipeline), PlanningRecordSchema);
  const current = batch.want(keys.channel(user.pipeline, plan.channel), ChannelRecordSchema);
  const selectors = dependenciesOf(plan).map((selector) =>
    batch.want(keys.selector(selectorKey(selector)), SelectorRecordSchema),
  );
  return () => {
    const [record, plans] = [pipeline(), planning()];
    if (record?.revision !== express.revision || plans === undefined) return undefined;
    return {
      pipeline: record,
      planning: plans,
      selectors: selectors.map((row) => row()),
      channel: current(),
      channels: new Map(),
    };
  };
}

/**
 * The writes that start the pipeline together with the moves, or undefined where it would not start. They lose when anything that was read has
 * moved: rows of one read are each as new as can be, but not of one moment.
 */
export async function expressWrites(
  deps: StartBakeDeps & Pick<ExpressDeps, 'digest'>,
  seen: Seen,
  moved: ReadonlyMap<string, SelectorRecord>,
  changes: readonly ChangeRecord[],
): Promise<ReturnType<typeof startWrites> | undefined> {
  const { planning } = seen;
  const after: Seen = {
    ...seen,
    selectors: seen.selectors.map((row) => (row === undefined ? row : (moved.get(row.key) ?? row))),
    planning: {
      ...planning,
      changes: [...planning.changes, ...changes.map((change) => change.id)],
      causes: [...planning.causes, ...changes.flatMap(causesOf)],
    },
  };
  // What waits already is to be named, too, and has not been read.
  if (planning.activeBake !== undefined || planning.changes.length > 0) return undefined;
  const wish = wishOf(deps.digest, after);
  // So is what has moved and is being told: its wave may wait for a person.
  const others = [...(differences({ seen: after, wish }) ?? [])].filter(
    (what) => !changes.some(({ selector }) => selector === what),
  );
  if (others.length > 0) return undefined;
  const situation: Situation = {
    seen: after,
    wish,
    // Whether there ever was one is found out by the write.
    fingerprint: undefined,
    kept: [],
    ancestors: [],
    active: undefined,
    changes,
    unconfirmed: changes.filter(({ wave }) => wave !== undefined),
    capacity: [],
    now: deps.clock.now(),
  };
  const decision = decide(situation);
  if (decision.kind !== 'start' || (await hasKeptImage(deps, seen, decision.wanted.bits))) return undefined;
  const { bake, writes } = startWrites(
    { ...deps, limits: withoutLast(deps.limits) },
    { situation },
    decision,
  );
  return { bake, writes: [...writes, ...unmoved(seen, moved)] };
}

/** The last place may be somebody's who stands in line for it: who is there is looked at on the ordinary way alone. */
function withoutLast({ bakes, bakesOfTeam, wave }: Limits): Limits {
  return { bakes: bakes - 1, bakesOfTeam: bakesOfTeam - 1, wave };
}

/**
 * The same fingerprint is found out by the write. The same bits can only be kept under another proof of a pipeline that has been judged in more
 * than one way.
 */
async function hasKeptImage(
  { table }: Pick<ExpressDeps, 'table'>,
  { pipeline }: Seen,
  bits: string,
): Promise<boolean> {
  if (pipeline.revision === 1 && pipeline.plan.tests.length === 0) return false;
  const { pk, sk } = keys.fingerprint(pipeline.name, bits, '');
  return (await table.query({ pk, prefix: sk, limit: 1 })).items.length > 0;
}

function unmoved(seen: Seen, moved: ReadonlyMap<string, SelectorRecord>): Write[] {
  const { name, revision, plan } = seen.pipeline;
  const others = new Map(
    seen.selectors.flatMap((row) =>
      row === undefined || moved.has(row.key) ? [] : [[row.key, row] as const],
    ),
  );
  return [
    { check: keys.pipeline(name), when: { equals: { revision } } },
    { check: keys.channel(name, plan.channel), when: { equals: { release: seen.channel?.release ?? null } } },
    ...[...others.values()].map(
      (row): Write => ({ check: keys.selector(row.key), when: { equals: { version: row.version ?? null } } }),
    ),
  ];
}
