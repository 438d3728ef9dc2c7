/**
 * Reads what a decision about a pipeline rests on, level by level up to the oldest ancestor. Each level is one read of many rows: on the way
 * from an event to a bake these reads are what takes time.
 */
import { approvalId } from '../domain/approval.ts';
import { PipelineNotFound } from '../domain/errors.ts';
import { keys } from '../domain/naming.ts';
import {
  type ActiveBake,
  type Ancestor,
  isSame,
  type Seen,
  type Situation,
  wishOf,
} from '../domain/planning.ts';
import {
  ApprovalRecordSchema,
  type AttemptRecord,
  AttemptRecordSchema,
  type BakeRecord,
  BakeRecordSchema,
  ChangeRecordSchema,
  ChannelRecordSchema,
  FingerprintRecordSchema,
  PipelineRecordSchema,
  PlanningRecordSchema,
  SelectorRecordSchema,
} from '../domain/records.ts';
import { selectorKey } from '../domain/selectors.ts';
import type { Clock, Digest, Table } from '../ports.ts';
import { ReadBatch } from './store/read-batch.ts';

export interface SituationDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly digest: Digest;
}

export interface Read {
  readonly situation: Situation;
  readonly bake: BakeRecord | undefined;
  readonly attempt: AttemptRecord | undefined;
  /** Topics of `pipeline:` selectors whose row is behind the channel that it names. */
  readonly behind: readonly string[];
  /** Whether the row of the wanted fingerprint was read; without, the write that starts a bake finds out. */
  readonly knowsFingerprint: boolean;
}

interface Head {
  readonly pipeline: Seen['pipeline'];
  readonly planning: Seen['planning'];
}

/** `thorough: false` leaves out the fingerprint where a free pipeline without ancestors seldom has one. */
export async function readSituation(
  deps: SituationDeps,
  name: string,
  options: { readonly thorough: boolean },
): Promise<Read> {
  // 1. The pipeline itself, then its selectors and channels together with its parents, and so on.
  const own = await readHead(deps.table, name);
  const first = new ReadBatch();
  const changeRows = own.planning.changes.map((id) => first.want(keys.change(id), ChangeRecordSchema));
  const { activeBake } = own.planning;
  const bakeRow = activeBake === undefined ? undefined : first.want(keys.bake(activeBake), BakeRecordSchema);
  const chain = await readChain(deps.table, own, first);
  const [seen] = chain;
  if (seen === undefined) throw new PipelineNotFound(name);
  const wishes = chain.map((entry) => wishOf(deps.digest, entry));
  const bake = bakeRow?.();

  // 2. What became of the fingerprints, and how far the running bake is.
  const second = new ReadBatch();
  const wanted = thoroughly(options.thorough, chain, bake);
  const fingerprintRows = chain.map((entry, index) => {
    const wish = wishes[index];
    const isStale = wish?.known === true && !isSame(entry.channel, wish.wanted);
    if (wish?.known !== true || !(index === 0 ? wanted : isStale)) return undefined;
    const { bits, proof } = wish.wanted;
    return second.want(keys.fingerprint(entry.pipeline.name, bits, proof), FingerprintRecordSchema);
  });
  const running = runningRows(deps, second, bake);
  await second.send(deps.table);

  const changes = changeRows.flatMap((row) => row() ?? []);
  const fingerprints = fingerprintRows.map((row) => row?.());
  const attempt = running?.attempt();
  const unknown = { known: false as const, missing: [] };
  const ancestors = chain.slice(1).map(
    (entry, index): Ancestor => ({
      seen: entry,
      wish: wishes[index + 1] ?? unknown,
      fingerprint: fingerprints[index + 1],
    }),
  );
  return {
    situation: {
      seen,
      wish: wishes[0] ?? unknown,
      fingerprint: fingerprints[0],
      ancestors,
      active: activeOf(bake, attempt, running?.approval()?.state),
      changes,
      now: deps.clock.now(),
    },
    bake,
    attempt,
    behind: chain.flatMap(behindOf),
    knowsFingerprint: wanted,
  };
}

function thoroughly(asked: boolean, chain: readonly Seen[], bake: BakeRecord | undefined): boolean {
  return asked || chain.length > 1 || bake !== undefined;
}

async function readHead(table: Table, name: string): Promise<Head> {
  const batch = new ReadBatch();
  const head = headRows(batch, name);
  await batch.send(table);
  const found = head();
  if (found === undefined) throw new PipelineNotFound(name);
  return found;
}

function headRows(batch: ReadBatch, name: string): () => Head | undefined {
  const pipeline = batch.want(keys.pipeline(name), PipelineRecordSchema);
  const planning = batch.want(keys.planning(name), PlanningRecordSchema);
  return () => {
    const rows = { pipeline: pipeline(), planning: planning() };
    if (rows.pipeline === undefined || rows.planning === undefined) return undefined;
    return { pipeline: rows.pipeline, planning: rows.planning };
  };
}

/** The pipeline and its ancestors, nearest first. `first` takes further rows along with the first level. */
async function readChain(table: Table, own: Head, first: ReadBatch): Promise<Seen[]> {
  const chain: Seen[] = [];
  const known = new Set([own.pipeline.name]);
  let level: Head[] = [own];
  let batch = first;
  while (level.length > 0) {
    const bodies = level.map((head) => bodyRows(batch, head));
    const parents = [...new Set(level.flatMap((head) => head.pipeline.parents))].filter(
      (parent) => !known.has(parent),
    );
    const heads = parents.map((parent) => headRows(batch, parent));
    await batch.send(table);
    chain.push(...bodies.map((body) => body()));
    for (const parent of parents) known.add(parent);
    level = heads.flatMap((head) => head() ?? []);
    batch = new ReadBatch();
  }
  return chain;
}

function bodyRows(batch: ReadBatch, head: Head): () => Seen {
  const { name, plan } = head.pipeline;
  const selectors = [plan.base, ...plan.components].map((selector) =>
    batch.want(keys.selector(selectorKey(selector)), SelectorRecordSchema),
  );
  const channel = batch.want(keys.channel(name, plan.channel), ChannelRecordSchema);
  const parent =
    plan.base.kind === 'pipeline'
      ? batch.want(keys.channel(plan.base.pipeline, plan.base.channel), ChannelRecordSchema)
      : undefined;
  return () => ({
    ...head,
    selectors: selectors.map((row) => row()),
    channel: channel(),
    parentChannel: parent?.(),
  });
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
  approval: string | undefined,
): ActiveBake | undefined {
  if (bake === undefined || attempt === undefined) return undefined;
  return {
    id: bake.id,
    attempt: attempt.attempt,
    state: attempt.state,
    bits: bake.bits,
    proof: bake.proof,
    isEnding: attempt.endRequested !== undefined,
    isApproved: approval === 'approved',
  };
}

function behindOf(seen: Seen): string[] {
  const [base] = seen.selectors;
  if (seen.parentChannel === undefined || base === undefined) return [];
  return base.version === seen.parentChannel.release ? [] : [base.topic];
}
