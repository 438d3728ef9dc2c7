/**
 * Reads what a decision about a pipeline rests on, level by level up to the oldest ancestor. Each level is one read of many rows: these reads are
 * most of the time between an event and a bake.
 */

import { approvalId } from '../../domain/approval/approval-id.ts';
import { PipelineNotFound } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { findDifferences, findUnconfirmedCauses, listCauses } from '../../domain/reconcile/causes.ts';
import {
  computeDesired,
  findMissingTargets,
  isSameFingerprint,
  type ObservedPipeline,
  type PipelineRows,
} from '../../domain/reconcile/desired.ts';
import { findHoldKind } from '../../domain/reconcile/holds.ts';
import {
  type ActiveBake,
  type Ancestor,
  findDirtySince,
  type Observation,
} from '../../domain/reconcile/observed.ts';
import { ApprovalRecordSchema } from '../../domain/records/approvals.ts';
import {
  type AttemptRecord,
  AttemptRecordSchema,
  type BakeRecord,
  BakeRecordSchema,
} from '../../domain/records/bakes.ts';
import { type ChangeRecord, ChangeRecordSchema } from '../../domain/records/selectors.ts';
import { type FingerprintRecord, FingerprintRecordSchema } from '../../domain/records/status.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Table } from '../../ports/table.ts';
import { computeCapacity, readSlotQueues, requestCapacity } from '../capacity/slots.ts';
import { readAll, readFound } from '../store/read.ts';
import { ReadBatch } from '../store/read-batch.ts';
import { readPipelineRows, readWithAncestors } from './read-ancestors.ts';
import { findFreeze } from './schedule-times.ts';

export type ObserveDeps = Pick<Ports, 'table' | 'clock' | 'digest' | 'calendar' | 'limits'>;

export interface ObservedRows {
  readonly observation: Observation;
  readonly bake: BakeRecord | undefined;
  readonly attempt: AttemptRecord | undefined;
}

/** `head` where it has been read just now. */
export async function observe(deps: ObserveDeps, name: string, head?: PipelineRows): Promise<ObservedRows> {
  const now = deps.clock.now();
  // 1. The pipeline itself, then its selectors and channels together with its parents, and so on.
  const own = head ?? (await readPipelineRows(deps.table, name));
  const first = new ReadBatch();
  const pending = [...new Set([...own.status.changes, ...own.status.causes])];
  const changeRows = pending.map((id) => first.add(keys.change(id), ChangeRecordSchema));
  const { activeBake } = own.status;
  const bakeRow = activeBake === undefined ? undefined : first.add(keys.bake(activeBake), BakeRecordSchema);
  const capacity = requestCapacity(first, deps.limits, own.pipeline.spec);
  const chain = await readWithAncestors(deps, own, first);
  const [observed] = chain;
  if (observed === undefined) throw new PipelineNotFound(name);
  const bake = bakeRow?.();

  // 2. What became of the fingerprints, and how far the running bake is.
  const desiredStates = chain.map((entry) => computeDesired(deps.digest, entry));
  const second = new ReadBatch();
  const fingerprintRows = chain.map((entry, index) => {
    const desiredState = desiredStates[index];
    if (index === 0 || desiredState?.known !== true || isSameFingerprint(entry.channel, desiredState.desired))
      return undefined;
    const { bits, proof } = desiredState.desired;
    return second.add(keys.fingerprint(entry.pipeline.name, bits, proof), FingerprintRecordSchema);
  });
  const ancestorChanges = chain.map((entry, index) =>
    index === 0 || !mayAwaitConfirmation(entry)
      ? []
      : [...new Set([...entry.status.changes, ...entry.status.causes])].map((id) =>
          second.add(keys.change(id), ChangeRecordSchema),
        ),
  );
  const running = requestRunningRows(deps, second, bake);
  const moved = requestUnmarkedChanges(second, observed, desiredStates[0], pending);
  const [fingerprints, lines] = await Promise.all([
    readFingerprints(deps, observed, desiredStates[0]),
    readSlotQueues(deps.table, capacity(), name),
    second.send(deps.table),
  ]);

  const known = changeRows.flatMap((row) => row() ?? []);
  const desiredState = desiredStates[0] ?? UNKNOWN_DESIRED;
  const changes = mergeChanges(observed, known, moved());
  const causes = indexById([...known, ...changes, ...(await readMissingCauses(deps.table, known, changes))]);
  const attempt = running?.attempt();
  const ancestors = chain.slice(1).map((entry, index): Ancestor => {
    const above = desiredStates[index + 1] ?? UNKNOWN_DESIRED;
    const rows = (ancestorChanges[index + 1] ?? []).flatMap((row) => row() ?? []);
    return {
      observed: entry,
      desiredState: above,
      fingerprint: fingerprintRows[index + 1]?.(),
      unconfirmed: findUnconfirmedCauses(
        { observed: entry, desiredState: above, changes: mergeChanges(entry, rows, []) },
        indexById(rows),
      ),
      frozen: findFreeze(deps.calendar, entry.pipeline.spec, now),
    };
  });
  const since = findDirtySince({ observed, changes, now });
  return {
    observation: {
      observed,
      desiredState,
      fingerprint: fingerprints.find(
        (entry) => desiredState.known && isSameFingerprint(entry, desiredState.desired),
      ),
      retained: listRetained(fingerprints),
      ancestors,
      active: toActiveBake(bake, attempt, own.pipeline.revision, running?.approval()?.state),
      changes,
      unconfirmed: findUnconfirmedCauses({ observed, desiredState, changes }, causes),
      capacity: await computeCapacity(deps.table, lines, { pipeline: name, since }),
      frozen: findFreeze(deps.calendar, observed.pipeline.spec, now),
      now,
    },
    bake,
    attempt,
  };
}

const UNKNOWN_DESIRED = { known: false as const, unresolved: [] };

/** All fingerprints with the desired bits, however they were judged; none for a pipeline that is up to date. */
async function readFingerprints(
  deps: ObserveDeps,
  observed: ObservedPipeline,
  desiredState: Observation['desiredState'] | undefined,
): Promise<FingerprintRecord[]> {
  if (desiredState?.known !== true) return [];
  const isCurrent =
    isSameFingerprint(observed.channel, desiredState.desired) &&
    findMissingTargets({ observed, desiredState }).length === 0;
  if (isCurrent && observed.status.request === undefined) return [];
  const { pk, sk } = keys.fingerprint(observed.pipeline.name, desiredState.desired.bits, '');
  return await readAll(deps.table, { pk, prefix: sk }, FingerprintRecordSchema);
}

/** Releases that can be used again, the newest first. One that a person refused to have pointed to again is retained all the same. */
function listRetained(fingerprints: readonly FingerprintRecord[]): FingerprintRecord[] {
  return fingerprints
    .flatMap((entry) => {
      const bake = entry.state === 'released' ? entry.bake : entry.retained;
      return bake === undefined ? [] : [{ ...entry, bake }];
    })
    .sort((a, b) => (a.bake > b.bake ? -1 : 1));
}

/** The last changes of its selectors that no dirty mark names yet. */
function requestUnmarkedChanges(
  batch: ReadBatch,
  observed: ObservedPipeline,
  desiredState: Observation['desiredState'] | undefined,
  pending: readonly string[],
): () => ChangeRecord[] {
  const differing = desiredState === undefined ? undefined : findDifferences({ observed, desiredState });
  if (differing === undefined) return () => [];
  const ids = observed.selectors.flatMap((row) =>
    row?.change === undefined || !differing.has(row.key) || pending.includes(row.change) ? [] : [row.change],
  );
  const rows = [...new Set(ids)].map((id) => batch.add(keys.change(id), ChangeRecordSchema));
  return () => rows.flatMap((row) => row() ?? []);
}

function mergeChanges(
  observed: ObservedPipeline,
  known: readonly ChangeRecord[],
  moved: readonly ChangeRecord[],
): ChangeRecord[] {
  const own = known.filter(({ id }) => observed.status.changes.includes(id));
  return [...own, ...moved].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** True when a wave may hold it: changes were marked since the last decision, or that was held by a wave, whose causes the row keeps. */
function mayAwaitConfirmation({ status: { dirty, decision } }: ObservedPipeline): boolean {
  return dirty || decision?.reasons.some((reason) => findHoldKind(reason).listedIn === 'wave') === true;
}

function indexById(changes: readonly ChangeRecord[]): ReadonlyMap<string, ChangeRecord> {
  return new Map(changes.map((change) => [change.id, change]));
}

/** First changes of what no mark has told of yet. */
async function readMissingCauses(
  table: Pick<Table, 'getMany'>,
  known: readonly ChangeRecord[],
  changes: readonly ChangeRecord[],
): Promise<ChangeRecord[]> {
  const read = new Set([...known, ...changes].map(({ id }) => id));
  const ids = [...new Set(changes.flatMap(listCauses))].filter((id) => !read.has(id));
  return readFound(table, ids.map(keys.change), ChangeRecordSchema);
}

function requestRunningRows(deps: ObserveDeps, batch: ReadBatch, bake: BakeRecord | undefined) {
  if (bake === undefined) return undefined;
  const approval = approvalId(deps.digest, { bake: bake.id, attempt: bake.attempt });
  return {
    attempt: batch.add(keys.attempt(bake.id, bake.attempt), AttemptRecordSchema),
    approval: batch.add(keys.approval(approval), ApprovalRecordSchema),
  };
}

function toActiveBake(
  bake: BakeRecord | undefined,
  attempt: AttemptRecord | undefined,
  revision: number,
  approval: string | undefined,
): ActiveBake | undefined {
  if (bake === undefined || attempt === undefined) return undefined;
  return {
    id: bake.id,
    attempt: attempt.attempt,
    state: attempt.state,
    bits: bake.bits,
    proof: bake.proof,
    fingerprintInputs: bake.fingerprintInputs,
    isEnding: attempt.endRequested !== undefined,
    hasAllTargets: bake.revision === revision,
    isApproved: approval === 'approved',
  };
}
