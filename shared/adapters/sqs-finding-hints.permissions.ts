import type { FindingHints } from '../ports/vulnerabilities.ts';
import type { PermissionSet, PortEnvironment, Statement } from './permissions.ts';

const SEND: readonly Statement[] = [{ Action: ['sqs:SendMessage'], Resource: '${HintQueue.Arn}' }];

export const environment = {
  any: { HINT_QUEUE_URL: '${HintQueue}' },
} satisfies PortEnvironment<FindingHints>;

export const permissions = {
  sendPage: SEND,
  sendInventories: SEND,
} satisfies PermissionSet<FindingHints>;
