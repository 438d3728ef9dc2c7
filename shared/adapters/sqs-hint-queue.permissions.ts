import type { HintQueue } from '../ports/hint-queue.ts';
import type { PermissionSet, PortEnvironment } from './permissions.ts';

export const environment = {
  any: { HINT_QUEUE_URL: '${HintQueue}', STORE_HINT_QUEUE_URL: '${StoreHintQueue}' },
} satisfies PortEnvironment<HintQueue>;

export const permissions = {
  send: [{ Action: ['sqs:SendMessage'], Resource: ['${HintQueue.Arn}', '${StoreHintQueue.Arn}'] }],
} satisfies PermissionSet<HintQueue>;
