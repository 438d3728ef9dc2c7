import type { EventPublisher } from '../ports/event-publisher.ts';
import type { PermissionSet, PortEnvironment } from './permissions.ts';

export const environment = { any: { BUS_NAME: '${Bus}' } } satisfies PortEnvironment<EventPublisher>;

export const permissions = {
  publish: [{ Action: ['events:PutEvents'], Resource: '${Bus.Arn}' }],
} satisfies PermissionSet<EventPublisher>;
