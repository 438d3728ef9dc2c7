import type { OutboxRecord } from '../domain/records/outbox.ts';

/** Our own bus. Throws when any entry was refused (FailedEntryCount). */
export interface EventPublisher {
  publish(events: readonly Omit<OutboxRecord, 'published'>[]): Promise<void>;
}
