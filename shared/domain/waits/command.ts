import { toFailure, type WaitKind } from './wait.ts';

/** One command of Run Command; the wait's subject names the instance. */
export const command = {
  name: 'command',
  polled: true,
  onTimeout: (resource) =>
    toFailure(
      'TestsFailed',
      `Command ${resource} did not end in time; the instance may have stopped answering.`,
    ),
} as const satisfies WaitKind;
