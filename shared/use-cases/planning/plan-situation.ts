/**
 * Reads what a decision about a pipeline rests on, level by level up to the oldest ancestor. Each level is one read of many rows: on the way
 * from an event to a bake these reads are what takes time.
 */
import { approvalId } from '../../domain/approving/approval.ts';
import { PipelineNotFound } from '../../domain/errors.ts';
import { keys } from '../../domain/naming.ts';
import { causesOf, differences, unconfirmedOf } from '../../domain/planning/causes.ts';
import {
  type ActiveBake,
  type Ancestor,
  dirtySince,
  type Situation,
} from '../../domain/planning/situation.ts';
import { type Head, isSame, type Seen, targetsMissing, wishOf } from '../../domain/planning/wish.ts';
import { ApprovalRecordSchema } from '../../domain/records/approvals.ts';
import {
  type AttemptRecord,
  AttemptRecordSchema,
  type BakeRecord,
  BakeRecordSchema,
} from '../../domain/records/bakes.ts';
import { dependenciesOf } from '../../domain/records/pipelines.ts';
import { type FingerprintRecord, FingerprintRecordSchema } from '../../domain/records/planning.ts';
import { type ChangeRecord, ChangeRecordSchema } from '../../domain/records/selectors.ts';
import type { Calendar, Clock, Digest, Limits, Table } from '../../ports.ts';
import { readAll, readMany } from '../store/read.ts';
import { ReadBatch } from '../store/read-batch.ts';
import { capacityOf, capacityRows, linesOf } from './plan-capacity.ts';
import { readChain, readHead } from './plan-chain.ts';
import { freezeOf } from './plan-times.ts';

export interface SituationDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly digest: Digest;
  readonly calendar: Calendar;
  readonly limits: Limits;
}

export interface Read {
  readonly situation: Situation;
  readonly bake: BakeRecord | undefined;
  readonly attempt: AttemptRecord | undefined;
  /** Topics of `pipeline:` selectors whose row is behind the channel that it names. */
  readonly behind: readonly string[];
}

/** `head` where it has been read just now. */
export async function readSituation(deps: SituationDeps, name: string, head?: Head): Promise<Read> {
  const now = deps.clock.now();
  // 1. The pipeline itself, then its selectors and channels together with its parents, and so on.
  const own = head ?? (await readHead(deps.table, name));
  const first = new ReadBatch();
  const pending = [...new Set([...own.planning.changes, ...own.planning.causes])];
  const changeRows = pending.map((id) => first.want(keys.change(id), ChangeRecordSchema));
  const { activeBake } = own.planning;
  const bakeRow = activeBake === undefined ? undefined : first.want(keys.bake(activeBake), BakeRecordSchema);
  const capacity = capacityRows(first, deps.limits, own.pipeline.plan);
  const chain = await readChain(deps, own, first);
  const [seen] = chain;
  if (seen === undefined) throw new PipelineNotFound(name);
  const bake = bakeRow?.();

  // 2. What became of the fingerprints, and how far the running bake is.
  const wishes = chain.map((entry) => wishOf(deps.digest, entry));
  const second = new ReadBatch();
  const fingerprintRows = chain.map((entry, index) => {
    const wish = wishes[index];
    if (index === 0 || wish?.known !== true || isSame(entry.channel, wish.wanted)) return undefined;
    const { bits, proof } = wish.wanted;
    return second.want(keys.fingerprint(entry.pipeline.name, bits, proof), FingerprintRecordSchema);
  });
  const ancestorChanges = chain.map((entry, index) =>
    index === 0 || !mayWaitForAPerson(entry)
      ? []
      : [...new Set([...entry.planning.changes, ...entry.planning.causes])].map((id) =>
          second.want(keys.change(id), ChangeRecordSchema),
        ),
  );
  const running = runningRows(deps, second, bake);
  const moved = movedRows(second, seen, wishes[0], pending);
  const [fingerprints, lines] = await Promise.all([
    fingerprintsOf(deps, seen, wishes[0]),
    linesOf(deps.table, capacity(), name),
    second.send(deps.table),
  ]);

  const known = changeRows.flatMap((row) => row() ?? []);
  const wish = wishes[0] ?? unknown;
  const changes = changesOf(seen, known, moved());
  const causes = byId([...known, ...changes, ...(await causesUnread(deps.table, known, changes))]);
  const attempt = running?.attempt();
  const ancestors = chain.slice(1).map((entry, index): Ancestor => {
    const above = wishes[index + 1] ?? unknown;
    const rows = (ancestorChanges[index + 1] ?? []).flatMap((row) => row() ?? []);
    return {
      seen: entry,
      wish: above,
      fingerprint: fingerprintRows[index + 1]?.(),
      unconfirmed: unconfirmedOf(
        { seen: entry, wish: above, changes: changesOf(entry, rows, []) },
        byId(rows),
      ),
      frozenUntil: freezeOf(deps.calendar, entry.pipeline.plan, now)?.until,
    };
  });
  const frozen = freezeOf(deps.calendar, seen.pipeline.plan, now);
  const since = dirtySince({ seen, changes, now });
  return {
    situation: {
      seen,
      wish,
      fingerprint: fingerprints.find((entry) => wish.known && isSame(entry, wish.wanted)),
      kept: keptOf(fingerprints),
      ancestors,
      active: activeOf(bake, attempt, own.pipeline.revision, running?.approval()?.state),
      changes,
      unconfirmed: unconfirmedOf({ seen, wish, changes }, causes),
      capacity: await capacityOf(deps.table, lines, { pipeline: name, since }),
      ...(frozen === undefined ? {} : { frozen }),
      now,
    },
    bake,
    attempt,
    behind: chain.flatMap(behindOf),
  };
}

const unknown = { known: false as const, missing: [] };

/** All fingerprints with the wanted bits, however they were judged. A pipeline that has what it wants needs none. */
async function fingerprintsOf(
  deps: SituationDeps,
  seen: Seen,
  wish: Situation['wish'] | undefined,
): Promise<FingerprintRecord[]> {
  if (wish?.known !== true) return [];
  const isCurrent = isSame(seen.channel, wish.wanted) && targetsMissing({ seen, wish }).length === 0;
  if (isCurrent && seen.planning.request === undefined) return [];
  const { pk, sk } = keys.fingerprint(seen.pipeline.name, wish.wanted.bits, '');
  return await readAll(deps.table, { pk, prefix: sk }, FingerprintRecordSchema);
}

/** Releases that can be used again, the newest first. What a person refused to have pointed to again is kept all the same. */
function keptOf(fingerprints: readonly FingerprintRecord[]): FingerprintRecord[] {
  return fingerprints
    .flatMap((entry) => {
      const bake = entry.state === 'released' ? entry.bake : entry.kept;
      return bake === undefined ? [] : [{ ...entry, bake }];
    })
    .sort((a, b) => (a.bake > b.bake ? -1 : 1));
}

/** The changes with which its selectors moved last, where no mark tells of them. */
function movedRows(
  batch: ReadBatch,
  seen: Seen,
  wish: Situation['wish'] | undefined,
  pending: readonly string[],
): () => ChangeRecord[] {
  const differing = wish === undefined ? undefined : differences({ seen, wish });
  if (differing === undefined) return () => [];
  const ids = seen.selectors.flatMap((row) =>
    row?.change === undefined || !differing.has(row.key) || pending.includes(row.change) ? [] : [row.change],
  );
  const rows = [...new Set(ids)].map((id) => batch.want(keys.change(id), ChangeRecordSchema));
  return () => rows.flatMap((row) => row() ?? []);
}

function changesOf(
  seen: Seen,
  known: readonly ChangeRecord[],
  moved: readonly ChangeRecord[],
): ChangeRecord[] {
  const own = known.filter(({ id }) => seen.planning.changes.includes(id));
  return [...own, ...moved].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Marked since it was last planned, or held by a wave then: whoever rests for that is marked by nothing, and keeps its causes. */
function mayWaitForAPerson({ planning: { dirty, decision } }: Seen): boolean {
  return dirty || decision?.reasons.some(({ code }) => code === 'storm-cap') === true;
}

function byId(changes: readonly ChangeRecord[]): ReadonlyMap<string, ChangeRecord> {
  return new Map(changes.map((change) => [change.id, change]));
}

/** First changes of what no mark has told of yet. */
async function causesUnread(
  table: Pick<Table, 'getMany'>,
  known: readonly ChangeRecord[],
  changes: readonly ChangeRecord[],
): Promise<ChangeRecord[]> {
  const read = new Set([...known, ...changes].map(({ id }) => id));
  const ids = [...new Set(changes.flatMap(causesOf))].filter((id) => !read.has(id));
  const rows = ids.length === 0 ? [] : await readMany(table, ids.map(keys.change), ChangeRecordSchema);
  return rows.flatMap((row) => row ?? []);
}

function runningRows(deps: SituationDeps, batch: ReadBatch, bake: BakeRecord | undefined) {
  if (bake === undefined) return undefined;
  const approval = approvalId(deps.digest, { bake: bake.id, attempt: bake.attempt });
  return {
    attempt: batch.want(keys.attempt(bake.id, bake.attempt), AttemptRecordSchema),
    approval: batch.want(keys.approval(approval), ApprovalRecordSchema),
  };
}

function activeOf(
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
    ingredients: bake.ingredients,
    isEnding: attempt.endRequested !== undefined,
    isWhole: bake.revision === revision,
    isApproved: approval === 'approved',
  };
}

function behindOf(seen: Seen): string[] {
  return dependenciesOf(seen.pipeline.plan).flatMap((selector, index) => {
    const row = seen.selectors[index];
    const channel = row === undefined ? undefined : seen.channels.get(row.key);
    if (selector.kind !== 'pipeline' || row === undefined || channel === undefined) return [];
    return row.version === channel.release ? [] : [row.topic];
  });
}
