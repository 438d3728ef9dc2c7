/**
 * Why a pipeline was last baked, why it does not bake now, and what would make it: as it was recorded when it was decided. Nothing is decided
 * here.
 */
import { type Explanation, ExplanationSchema } from '../../domain/api/planning.ts';
import { keys } from '../../domain/naming.ts';
import type { Seen } from '../../domain/planning/wish.ts';
import type { PlanningRecord } from '../../domain/records/planning.ts';
import { type ChangeRecord, ChangeRecordSchema } from '../../domain/records/selectors.ts';
import type { Calendar, Clock, Table } from '../../ports.ts';
import { readHead, seenRows } from '../planning/plan-chain.ts';
import { freezeOf } from '../planning/plan-times.ts';
import { readMany } from '../store/read.ts';
import { ReadBatch } from '../store/read-batch.ts';
import { chainsOf, type Link, lastBakeOf } from './explain-chains.ts';
import { explainDecision } from './explain-decision.ts';

export interface ExplainDeps {
  readonly table: Pick<Table, 'get' | 'getMany' | 'query'>;
  readonly clock: Clock;
  readonly calendar: Calendar;
}

const PENDING_SHOWN = 20;

export async function explainPipeline(deps: ExplainDeps, name: string): Promise<Explanation> {
  const head = await readHead(deps.table, name);
  const batch = new ReadBatch();
  const row = seenRows(deps, batch, head);
  await batch.send(deps.table);
  const seen = row();
  const { pipeline, planning } = seen;
  const [last, decided, pending] = await Promise.all([
    lastBake(deps, name),
    explainDecision(deps.table, seen),
    pendingOf(deps, planning),
  ]);
  const now = deps.clock.now();
  const frozen = freezeOf(deps.calendar, pipeline.plan, now);
  return ExplanationSchema.parse({
    pipeline: name,
    at: now.toISOString(),
    state: stateOf(seen),
    ...(pipeline.disabled === undefined ? {} : { disabled: pipeline.disabled }),
    ...(seen.channel === undefined
      ? {}
      : { current: { release: seen.channel.release, bake: seen.channel.bake, at: seen.channel.at } }),
    ...(last === undefined ? {} : { last }),
    ...(decided === undefined ? {} : { decision: decided }),
    isOutdated: isOutdated(planning),
    ...(planning.dirty && planning.dueAt !== undefined ? { dueAt: planning.dueAt } : {}),
    ...(planning.request === undefined ? {} : { request: planning.request }),
    ...pending,
    ...scheduleOf(seen),
    ...(frozen === undefined ? {} : { frozen }),
    troubled: troubledOf(seen),
  });
}

function isOutdated({ dirty, version, decision }: PlanningRecord): boolean {
  return dirty && decision?.version !== undefined && version > decision.version;
}

function stateOf({ planning, channel }: Seen): Explanation['state'] {
  if (planning.activeBake !== undefined) return 'baking';
  if (isOutdated(planning)) return 'due';
  if (planning.decision?.kind === 'hold') return 'held';
  if (planning.dirty) return 'due';
  return channel === undefined ? 'never-baked' : 'current';
}

async function lastBake(deps: ExplainDeps, name: string): Promise<Explanation['last']> {
  const bake = await lastBakeOf(deps.table, name);
  if (bake === undefined) return undefined;
  const { chains, more, moreCauses } = await chainsOf(deps.table, bake);
  return { ...bake, chains: chains.map((chain) => chain.map(told)), more, moreCauses };
}

function told(link: Link): NonNullable<Explanation['last']>['chains'][number][number] {
  if (link.kind === 'bake') return link;
  return { kind: 'change', is: natureOf(link.change), change: link.change };
}

/** What a change is, for those who do not know our selectors' keys. */
function natureOf({ selector }: ChangeRecord) {
  const kind = selector.slice(0, selector.indexOf(':'));
  switch (kind) {
    case 'pipeline':
      return 'release' as const;
    case 'definition':
    case 'request':
    case 'finding':
      return kind;
    case 'schedule':
      return 'tick' as const;
    default:
      return 'version' as const;
  }
}

async function pendingOf(deps: ExplainDeps, planning: PlanningRecord) {
  const ids = [...new Set(planning.changes)];
  const shown = ids.slice(-PENDING_SHOWN);
  const rows = await readMany(
    deps.table,
    shown.map((id) => keys.change(id)),
    ChangeRecordSchema,
  );
  return { pending: rows.filter((row) => row !== undefined), morePending: ids.length - shown.length };
}

function scheduleOf({ pipeline, ticks }: Seen): Pick<Explanation, 'schedule'> | object {
  const { schedule, mode } = pipeline.plan;
  if (schedule === undefined || mode !== 'schedule') return {};
  return { schedule: { ...schedule, ...ticks } };
}

/** Selectors that mean nothing at the moment, and those that go to and fro, so that they are not followed yet. */
function troubledOf({ selectors }: Seen): Explanation['troubled'] {
  return selectors.flatMap((row) => {
    if (row?.problem === undefined) return [];
    const { key, version, problem, checkedAt, unsettled } = row;
    return [
      {
        key,
        ...(version === undefined ? {} : { version }),
        problem,
        ...(checkedAt === undefined ? {} : { checkedAt }),
        ...(unsettled === undefined ? {} : { unsettled }),
      },
    ];
  });
}
