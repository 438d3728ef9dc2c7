import { toFailure, type WaitKind } from './wait.ts';

/** A test instance that becomes reachable for Run Command, of which no event tells. */
export const instance = {
  name: 'instance',
  polled: true,
  onTimeout: (resource) =>
    toFailure(
      'TestsFailed',
      `Instance ${resource} did not become reachable for Run Command in time. Check that the image starts the SSM agent and that its subnet reaches Systems Manager.`,
    ),
} as const satisfies WaitKind;
