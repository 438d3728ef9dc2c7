import { toSuccess, type WaitKind } from './wait.ts';

/** The decision about an approval request. The approver's own transaction decides the wait, so no event is needed. */
export const approval = {
  name: 'approval',
  polled: false,
  onTimeout: () => toSuccess({ decision: 'expired' }),
} as const satisfies WaitKind;
