import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { splitIntoBatches } from '../domain/base/batches.ts';
import { TryLater } from '../domain/base/errors.ts';
import type { EventPublisher } from '../ports/event-publisher.ts';
import { callAws } from './aws-client.ts';

/** Source of our own events; rules match it. */
export const EVENT_SOURCE = 'ovenbird';
/** Entries in one PutEvents (eventbridge/userguide/eb-quota). */
const BATCH_ENTRIES = 10;

export function eventBridgePublisher(client: EventBridgeClient, bus: string): EventPublisher {
  return {
    async publish(events) {
      for (const batch of splitIntoBatches(events, BATCH_ENTRIES)) {
        const answer = await callAws(() =>
          client.send(
            new PutEventsCommand({
              Entries: batch.map((event) => ({
                EventBusName: bus,
                Source: EVENT_SOURCE,
                DetailType: event.detailType,
                Detail: JSON.stringify({ id: event.id, ...event.detail }),
                Time: new Date(event.at),
              })),
            }),
          ),
        );
        if ((answer.FailedEntryCount ?? 0) > 0) {
          const first = answer.Entries?.find((entry) => entry.ErrorCode !== undefined);
          throw new TryLater(
            `EventBridge refused ${answer.FailedEntryCount} events: ${first?.ErrorCode ?? ''} ${first?.ErrorMessage ?? ''}`,
          );
        }
      }
    },
  };
}
