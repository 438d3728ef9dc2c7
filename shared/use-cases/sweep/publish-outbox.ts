/**
 * Publishes what was written with a state change: to our own bus, and in words to the notification topic. Told twice is harmless, told never is
 * not: the row stays due until both have it.
 */

import { due, type Key, keys } from '../../domain/base/naming.ts';
import {
  composeNotification,
  listChangesToDescribe,
  type Notification,
} from '../../domain/notifications/messages.ts';
import { type OutboxRecord, OutboxRecordSchema } from '../../domain/records/outbox.ts';
import { ChangeRecordSchema } from '../../domain/records/selectors.ts';
import type { Notifier } from '../../ports/notifier.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Table } from '../../ports/table.ts';
import { readFound, readRecord } from '../store/read.ts';
import { tryWrite } from '../store/try-write.ts';
import { runInTurn } from './run-in-turn.ts';

export interface PublishDeps extends Pick<Ports, 'table' | 'clock' | 'publisher'> {
  readonly notifier: Pick<Notifier, 'notify'>;
  /** Told of each row once it is published, for the metrics. */
  readonly onPublished: (row: OutboxRecord) => void;
}

/** Published rows are history that CloudWatch and the records themselves keep too; the table forgets them (amazondynamodb TTL). */
const KEPT_SECONDS = 30 * 86_400;
/** The stream has a row within a second or so; what is older was missed. */
const MISSED_SECONDS = 30;
const SWEPT_AT_ONCE = 100;
/** A row that failed lets newer ones go first; yet it fails again in every five minutes, or its alarm would not hear of it. */
const FAILED_SECONDS = 180;

export async function publishOutbox(deps: PublishDeps, id: string): Promise<'published' | 'nothing-to-do'> {
  const row = await readRecord(deps.table, keys.outbox(id), OutboxRecordSchema);
  if (row === undefined || row.published) return 'nothing-to-do';
  // Machines first: reconciling follows from events, and a mail may come a moment later.
  await deps.publisher.publish([{ id: row.id, detailType: row.detailType, detail: row.detail, at: row.at }]);
  const message = await composeMessage(deps.table, row);
  if (message !== undefined) await deps.notifier.notify(message);
  const ttl = Math.floor(deps.clock.now().getTime() / 1000) + KEPT_SECONDS;
  await deps.table.write([
    { update: keys.outbox(id), set: { published: true, ttl }, remove: ['duePk', 'dueSk'] },
  ]);
  deps.onPublished(row);
  return 'published';
}

/** An event names its changes by their ids; what people read in a mail is in the rows of these. */
async function composeMessage(
  table: Pick<Table, 'getMany'>,
  row: OutboxRecord,
): Promise<Notification | undefined> {
  const named = listChangesToDescribe(row).map(keys.change);
  return composeNotification(row, await readFound(table, named, ChangeRecordSchema));
}

/** What the stream missed, oldest first. A row that fails keeps no other from being published; it is told of when all have had their turn. */
export async function sweepOutbox(deps: PublishDeps): Promise<number> {
  const upTo = new Date(deps.clock.now().getTime() - MISSED_SECONDS * 1000).toISOString();
  const page = await deps.table.query({ index: 'due', pk: due.outbox, upTo, limit: SWEPT_AT_ONCE });
  let published = 0;
  await runInTurn(page.items, async (item) => {
    try {
      const { id } = OutboxRecordSchema.parse(item);
      if ((await publishOutbox(deps, id)) === 'published') published += 1;
    } catch (error) {
      // The error that prevented publishing is the one to report.
      await postponeRow(deps, item).catch(() => undefined);
      throw error;
    }
  });
  return published;
}

async function postponeRow({ table, clock }: PublishDeps, { pk, sk }: Key): Promise<void> {
  const dueSk = new Date(clock.now().getTime() + FAILED_SECONDS * 1000).toISOString();
  // Not written where it has been published meanwhile.
  await tryWrite(table, [{ update: { pk, sk }, set: { dueSk }, when: { equals: { published: false } } }]);
}
