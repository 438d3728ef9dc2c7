import type { WakeQueue } from '../ports/wake-queue.ts';
import type { PermissionSet, PortEnvironment } from './permissions.ts';

export const environment = { any: { WAKE_QUEUE_URL: '${WakeQueue}' } } satisfies PortEnvironment<WakeQueue>;

export const permissions = {
  send: [{ Action: ['sqs:SendMessage'], Resource: '${WakeQueue.Arn}' }],
} satisfies PermissionSet<WakeQueue>;
