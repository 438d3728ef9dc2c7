import type { HintQueue } from '../ports/hint-queue.ts';
import type { PermissionSet, PortEnvironment } from './permissions.ts';

/** Topics of slow selectors go to a queue of their own. */
export const environment = {
  any: { HINT_QUEUE_URL: '${HintQueue}', SLOW_HINT_QUEUE_URL: '${SlowHintQueue}' },
} satisfies PortEnvironment<HintQueue>;

export const permissions = {
  send: [{ Action: ['sqs:SendMessage'], Resource: ['${HintQueue.Arn}', '${SlowHintQueue.Arn}'] }],
} satisfies PermissionSet<HintQueue>;
