/**
 * Marks the pipelines that a change affects as dirty and enqueues them, page by page. The users of a selector are the pipelines whose definition
 * names it. The change row holds the cursor, from which the next run continues.
 */
import { TryLater } from '../../domain/base/errors.ts';
import { due, type Key, keys } from '../../domain/base/naming.ts';
import { listCauses } from '../../domain/reconcile/causes.ts';
import {
  type ChangeRecord,
  ChangeRecordSchema,
  type SelectorUserRecord,
} from '../../domain/records/selectors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ReconcileQueue } from '../../ports/reconcile-queue.ts';
import { MAX_WRITES, type Table, type Write, WriteConflict } from '../../ports/table.ts';
import { readSelectorUsers } from '../graph/dependents.ts';
import { readRecord } from '../store/read.ts';
import { type AffectedPipeline, readAffectedPage } from './vulnerable-pipelines.ts';

export interface FanOutDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly reconcileQueue: ReconcileQueue;
}

/** One write of each transaction is that of the change row. */
const USERS_AT_ONCE = MAX_WRITES - 1;
/** A page is refused when one of its pipelines is deleted, or for a finding written, at that moment. */
const MAX_TRIES = 20;

/** The write that marks a pipeline as dirty for these changes. It raises the version, so that a decision made without them is refused. */
export function markWrite(
  user: SelectorUserRecord,
  changes: readonly ChangeRecord[],
  now: Date,
): Extract<Write, { update: Key }> {
  const dueAt = new Date(now.getTime() + user.debounceSeconds * 1000).toISOString();
  return {
    update: keys.status(user.pipeline),
    set: {
      dirty: true,
      dueAt,
      debounceUntil: dueAt,
      duePk: due.reconcile,
      dueSk: dueAt,
    },
    setOnce: { dirtySince: now.toISOString() },
    append: { changes: changes.map((change) => change.id), causes: changes.flatMap(listCauses) },
    add: { version: 1 },
    when: { exists: true },
  };
}

/** The same for a finding, which also raises the minimum version of the package. It is refused if the status has changed since it was read. */
export function raiseMinimumWrite(user: AffectedPipeline, change: ChangeRecord, now: Date): Write {
  const { finding, id, to } = change;
  if (finding === undefined) return markWrite(user, [change], now);
  const write = markWrite(user, [change], now);
  const minimumVersions = { ...user.minimumVersions, [finding.package]: { version: to, change: id } };
  return { ...write, set: { ...write.set, minimumVersions }, when: { equals: { version: user.version } } };
}

export function toReconcileRequests(users: readonly SelectorUserRecord[]) {
  return users.map((user) => ({ pipeline: user.pipeline, delaySeconds: user.debounceSeconds }));
}

async function prepareMarks(
  table: Table,
  change: ChangeRecord,
  now: Date,
): Promise<{ users: readonly SelectorUserRecord[]; marks: Write[]; cursor: string | undefined }> {
  const limits = { limit: USERS_AT_ONCE, after: change.cursor };
  if (change.finding === undefined) {
    const page = await readSelectorUsers(table, change.selector, limits);
    return { ...page, marks: page.users.map((user) => markWrite(user, [change], now)) };
  }
  const page = await readAffectedPage(table, { ...change.finding, version: change.to }, limits);
  return { ...page, marks: page.users.map((user) => raiseMinimumWrite(user, change, now)) };
}

/**
 * Runs until the last page; returns how many pipelines it has marked. Two concurrent runs share the work: one write of each page wins. Throws
 * TryLater when a page is refused again and again.
 */
export async function fanOutChange(deps: FanOutDeps, id: string): Promise<number> {
  let marked = 0;
  let tries = 0;
  for (;;) {
    const change = await readRecord(deps.table, keys.change(id), ChangeRecordSchema);
    if (change === undefined || change.fanOut === 'done') return marked;
    const now = deps.clock.now();
    const page = await prepareMarks(deps.table, change, now);
    const when = { equals: { fanOut: 'open', cursor: change.cursor ?? null } };
    const progress: Write =
      page.cursor === undefined
        ? { update: keys.change(id), set: { fanOut: 'done' }, remove: ['duePk', 'dueSk', 'cursor'], when }
        : { update: keys.change(id), set: { cursor: page.cursor }, when };
    try {
      await deps.table.write([progress, ...page.marks]);
    } catch (error) {
      if (!(error instanceof WriteConflict)) throw error;
      // Another run was faster; or a pipeline was deleted or reconciled at this moment, and the page is read again.
      tries += 1;
      if (error.index !== 0 && tries >= MAX_TRIES)
        throw new TryLater(`Pipelines kept changing while they were marked for change ${id}.`);
      continue;
    }
    tries = 0;
    marked += page.users.length;
    // When the process dies between the write and this, the marked pipelines have a due row, by which the sweep enqueues them.
    if (page.users.length > 0) await deps.reconcileQueue.send(toReconcileRequests(page.users));
  }
}
