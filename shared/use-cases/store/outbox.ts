import { due, keys } from '../../domain/base/naming.ts';
import type { OutboxRecord } from '../../domain/records/outbox.ts';
import type { Ids } from '../../ports/ids.ts';
import type { Write } from '../../ports/table.ts';

type OutboxEvent = Pick<OutboxRecord, 'detailType' | 'detail'>;

/**
 * The write that has an event published. It belongs into the transaction of the state change that the event tells of: the table's stream
 * publishes it, and the sweep publishes what the stream missed.
 */
export function outboxWrite(ids: Ids, event: OutboxEvent, at: string): Extract<Write, { put: unknown }> {
  const record: OutboxRecord = { id: ids.next(), ...event, at, published: false };
  return { put: { ...keys.outbox(record.id), ...record, duePk: due.outbox, dueSk: at } };
}
