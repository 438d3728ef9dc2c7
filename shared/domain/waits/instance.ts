import * as z from 'zod';
import { toFailure, type WaitKind } from './wait.ts';

/** AWSEC2/UserGuide/monitoring-instance-state-changes */
const Event = z.object({
  'detail-type': z.literal('EC2 Instance State-change Notification'),
  detail: z.object({ 'instance-id': z.string() }),
});

/** A test instance that becomes reachable for Run Command, of which no event tells. */
export const instance = {
  name: 'instance',
  polled: true,
  wakesOn(event) {
    const parsed = Event.safeParse(event);
    return parsed.success ? { resource: parsed.data.detail['instance-id'] } : undefined;
  },
  onTimeout: (resource) =>
    toFailure(
      'TestsFailed',
      `Instance ${resource} did not become reachable for Run Command in time. Check that the image starts the SSM agent and that its subnet reaches Systems Manager.`,
    ),
} as const satisfies WaitKind;
