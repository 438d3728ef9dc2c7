import { toSuccess, type WaitKind } from './wait.ts';

/** Gates without a verdict; the wait's subject says when they are judged again, and so does the end of the wait. */
export const gates = {
  name: 'gates',
  polled: false,
  onTimeout: () => toSuccess({}),
} as const satisfies WaitKind;
