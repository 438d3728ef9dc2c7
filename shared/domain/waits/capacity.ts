import { toSuccess, type WaitKind } from './wait.ts';

/** Room for an instance, where there was none at any of its places; the wait's subject says when they are tried again, and so does the end of the wait. */
export const capacity = {
  name: 'capacity',
  polled: false,
  onTimeout: () => toSuccess({}),
} as const satisfies WaitKind;
