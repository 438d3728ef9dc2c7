/**
 * Why a pipeline was last baked, why it does not bake now, and what would make it: as it was recorded when it was decided. Nothing is decided
 * here.
 */
import { type Explanation, ExplanationSchema } from '../../domain/api/explanation.ts';
import { keys, parseNonSelectorChange } from '../../domain/base/naming.ts';
import type { ObservedPipeline } from '../../domain/reconcile/desired.ts';
import { type ChangeRecord, ChangeRecordSchema } from '../../domain/records/selectors.ts';
import type { PipelineStatus } from '../../domain/records/status.ts';
import { findKeyKind } from '../../domain/selectors/selectors.ts';
import type { Calendar } from '../../ports/calendar.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Table } from '../../ports/table.ts';
import { readPipelineRows, requestObserved } from '../reconcile/read-ancestors.ts';
import { findFreeze } from '../reconcile/schedule-times.ts';
import { readMany } from '../store/read.ts';
import { ReadBatch } from '../store/read-batch.ts';
import { type ChainLink, readChains, readLastBake } from './explain-chains.ts';
import { explainDecision } from './explain-decision.ts';

export interface ExplainDeps {
  readonly table: Pick<Table, 'get' | 'getMany' | 'query'>;
  readonly clock: Clock;
  readonly calendar: Calendar;
}

const PENDING_SHOWN = 20;

export async function explainPipeline(deps: ExplainDeps, name: string): Promise<Explanation> {
  const head = await readPipelineRows(deps.table, name);
  const batch = new ReadBatch();
  const row = requestObserved(deps, batch, head);
  await batch.send(deps.table);
  const observed = row();
  const { pipeline, status } = observed;
  const [last, decided, pending] = await Promise.all([
    explainLastBake(deps, name),
    explainDecision(deps, observed),
    readPendingChanges(deps, status),
  ]);
  const now = deps.clock.now();
  const frozen = findFreeze(deps.calendar, pipeline.spec, now);
  return ExplanationSchema.parse({
    pipeline: name,
    at: now.toISOString(),
    state: describeState(observed),
    ...(pipeline.disabled === undefined ? {} : { disabled: pipeline.disabled }),
    ...(observed.channel === undefined
      ? {}
      : {
          current: {
            release: observed.channel.release,
            bake: observed.channel.bake,
            at: observed.channel.at,
          },
        }),
    ...(last === undefined ? {} : { last }),
    ...(decided === undefined ? {} : { decision: decided }),
    isOutdated: isOutdated(status),
    ...(status.dirty && status.dueAt !== undefined ? { dueAt: status.dueAt } : {}),
    ...(status.request === undefined ? {} : { request: status.request }),
    ...pending,
    ...describeSchedule(observed),
    ...(frozen === undefined ? {} : { frozen }),
    unresolved: listUnresolved(observed),
  });
}

function isOutdated({ dirty, version, decision }: PipelineStatus): boolean {
  return dirty && decision?.version !== undefined && version > decision.version;
}

function describeState({ status, channel }: ObservedPipeline): Explanation['state'] {
  if (status.activeBake !== undefined) return 'baking';
  if (isOutdated(status)) return 'due';
  if (status.decision?.kind === 'hold') return 'held';
  if (status.dirty) return 'due';
  return channel === undefined ? 'never-baked' : 'current';
}

async function explainLastBake(deps: ExplainDeps, name: string): Promise<Explanation['last']> {
  const bake = await readLastBake(deps.table, name);
  if (bake === undefined) return undefined;
  const { chains, more, moreCauses } = await readChains(deps.table, bake);
  return { ...bake, chains: chains.map((chain) => chain.map(describeLink)), more, moreCauses };
}

function describeLink(link: ChainLink): NonNullable<Explanation['last']>['chains'][number][number] {
  if (link.kind === 'bake') return link;
  return { kind: 'change', is: classifyChange(link.change), change: link.change };
}

/** What a change is, for those who do not know our selectors' keys. */
function classifyChange({ selector }: ChangeRecord) {
  const kind = parseNonSelectorChange(selector);
  if (kind !== undefined) return kind === 'schedule' ? 'tick' : kind;
  return findKeyKind(selector)?.parent === undefined ? 'version' : 'release';
}

async function readPendingChanges(deps: ExplainDeps, status: PipelineStatus) {
  const ids = [...new Set(status.changes)];
  const shown = ids.slice(-PENDING_SHOWN);
  const rows = await readMany(
    deps.table,
    shown.map((id) => keys.change(id)),
    ChangeRecordSchema,
  );
  return { pending: rows.filter((row) => row !== undefined), morePending: ids.length - shown.length };
}

function describeSchedule({ pipeline, ticks }: ObservedPipeline): Pick<Explanation, 'schedule'> | object {
  const { schedule, mode } = pipeline.spec;
  if (schedule === undefined || mode !== 'schedule') return {};
  return { schedule: { ...schedule, ...ticks } };
}

/** Selectors that mean nothing at the moment, and those that go to and fro, so that they are not followed yet. */
function listUnresolved({ selectors }: ObservedPipeline): Explanation['unresolved'] {
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
