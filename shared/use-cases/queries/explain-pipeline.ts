/**
 * Why a pipeline was last baked, why it does not bake now, and what would make it: as it was recorded when it was decided. Nothing is decided
 * here.
 */

import { type Explanation, ExplanationSchema } from '../../domain/api/explanation.ts';
import { approvalId } from '../../domain/approval/approval-id.ts';
import { keys, parseNonSelectorChange } from '../../domain/base/naming.ts';
import type { ObservedPipeline } from '../../domain/reconcile/desired.ts';
import { type ChangeRecord, ChangeRecordSchema } from '../../domain/records/selectors.ts';
import type { PipelineStatus } from '../../domain/records/status.ts';
import { findKeyKind } from '../../domain/selectors/selectors.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Table } from '../../ports/table.ts';
import { findApproval } from '../approval/read-approval.ts';
import { readObserved } from '../reconcile/read-ancestors.ts';
import { findFreeze } from '../reconcile/schedule-times.ts';
import { readFound } from '../store/read.ts';
import { type ChainLink, readChains, readLastBake } from './explain-chains.ts';
import { explainDecision } from './explain-decision.ts';

export interface ExplainDeps extends Pick<Ports, 'clock' | 'calendar' | 'digest'> {
  readonly table: Pick<Table, 'get' | 'getMany' | 'query'>;
}

const PENDING_SHOWN = 20;

export async function explainPipeline(deps: ExplainDeps, name: string): Promise<Explanation> {
  const observed = await readObserved(deps, name);
  const { pipeline, status } = observed;
  const [last, decision, pending] = await Promise.all([
    explainLastBake(deps, name),
    explainDecision(deps, observed),
    readPendingChanges(deps, status),
  ]);
  const now = deps.clock.now();
  return ExplanationSchema.parse({
    pipeline: name,
    at: now.toISOString(),
    state: describeState(observed),
    disabled: pipeline.disabled,
    current: observed.channel,
    last,
    decision,
    isOutdated: isOutdated(status),
    dueAt: status.dirty ? status.dueAt : undefined,
    request: status.request,
    ...pending,
    ...describeSchedule(observed),
    frozen: findFreeze(deps.calendar, pipeline.spec, now),
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
  const [{ chains, more, moreCauses }, approval] = await Promise.all([
    readChains(deps.table, bake),
    findApproval(deps.table, approvalId(deps.digest, { bake: bake.id, attempt: bake.attempt })),
  ]);
  return {
    ...bake,
    chains: chains.map((chain) => chain.map(describeLink)),
    more,
    moreCauses,
    approval,
  };
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
  const pending = await readFound(deps.table, shown.map(keys.change), ChangeRecordSchema);
  return { pending, morePending: ids.length - shown.length };
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
    return [{ key, version, problem, checkedAt, unsettled }];
  });
}
