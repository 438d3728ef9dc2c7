/**
 * Marks the dependents of a selector that has changed, or the pipelines that a finding makes vulnerable, as dirty and enqueues them, page by page.
 * The change row holds the cursor, from which the next run continues.
 */

import { TryLater } from '../../domain/base/errors.ts';
import { type Key, keys } from '../../domain/base/naming.ts';
import { listCauses } from '../../domain/reconcile/causes.ts';
import {
  type ChangeRecord,
  ChangeRecordSchema,
  type SelectorDependentRecord,
} from '../../domain/records/selectors.ts';
import type { Ports } from '../../ports/ports.ts';
import { MAX_WRITES, type Table, type Write, WriteConflict } from '../../ports/table.ts';
import { readSelectorDependents } from '../graph/dependents.ts';
import { type RecordPage, readRecord } from '../store/read.ts';
import { dirtyAt } from '../store/status.ts';
import { readVulnerablePage, type VulnerablePipeline } from './vulnerable-pipelines.ts';

export type FanOutDeps = Pick<Ports, 'table' | 'clock' | 'reconcileQueue'>;

/** One write of each transaction is that of the change row. */
const DEPENDENTS_AT_ONCE = MAX_WRITES - 1;
/** A page is refused when one of its pipelines is deleted, or for a finding written, at that moment. */
const MAX_TRIES = 20;

/** The write that marks a pipeline as dirty for these changes. It raises the version, so that a decision made without them is refused. */
export function markWrite(
  dependent: SelectorDependentRecord,
  changes: readonly ChangeRecord[],
  now: Date,
): Extract<Write, { update: Key }> {
  const dueAt = new Date(now.getTime() + dependent.debounceSeconds * 1000).toISOString();
  return {
    update: keys.status(dependent.pipeline),
    set: { ...dirtyAt(dueAt), debounceUntil: dueAt },
    setOnce: { dirtySince: now.toISOString() },
    append: { changes: changes.map((change) => change.id), causes: changes.flatMap(listCauses) },
    add: { version: 1 },
    when: { exists: true },
  };
}

/** The same for a finding, which also raises the minimum version of the package. It is refused if the status has changed since it was read. */
export function raiseMinimumWrite(pipeline: VulnerablePipeline, change: ChangeRecord, now: Date): Write {
  const { finding, id, to } = change;
  const write = markWrite(pipeline, [change], now);
  if (finding === undefined) return write;
  const minimumVersions = { ...pipeline.minimumVersions, [finding.package]: { version: to, change: id } };
  return {
    ...write,
    set: { ...write.set, minimumVersions },
    when: { equals: { version: pipeline.version } },
  };
}

export function toReconcileRequests(dependents: readonly SelectorDependentRecord[]) {
  return dependents.map(({ pipeline, debounceSeconds }) => ({ pipeline, delaySeconds: debounceSeconds }));
}

async function prepareMarks(
  table: Table,
  change: ChangeRecord,
  now: Date,
): Promise<RecordPage<SelectorDependentRecord> & { marks: Write[] }> {
  const limits = { limit: DEPENDENTS_AT_ONCE, after: change.cursor };
  if (change.finding === undefined) {
    const page = await readSelectorDependents(table, change.selector, limits);
    return { ...page, marks: page.items.map((dependent) => markWrite(dependent, [change], now)) };
  }
  const page = await readVulnerablePage(table, { ...change.finding, version: change.to }, limits);
  return { ...page, marks: page.items.map((pipeline) => raiseMinimumWrite(pipeline, change, now)) };
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
    marked += page.items.length;
    // When the process dies between the write and this, the marked pipelines have a due row, by which the sweep enqueues them.
    if (page.items.length > 0) await deps.reconcileQueue.send(toReconcileRequests(page.items));
  }
}
