import type { ReconcileQueue } from '../ports/reconcile-queue.ts';
import type { PermissionSet, PortEnvironment } from './permissions.ts';

export const environment = {
  any: { RECONCILE_QUEUE_URL: '${ReconcileQueue}' },
} satisfies PortEnvironment<ReconcileQueue>;

export const permissions = {
  send: [{ Action: ['sqs:SendMessage'], Resource: '${ReconcileQueue.Arn}' }],
} satisfies PermissionSet<ReconcileQueue>;
