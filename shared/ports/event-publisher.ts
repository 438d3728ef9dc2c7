export interface PublishedEvent {
  readonly id: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly at: string;
}

/** Our own bus. Throws when any entry was refused (FailedEntryCount). */
export interface EventPublisher {
  publish(events: readonly PublishedEvent[]): Promise<void>;
}
