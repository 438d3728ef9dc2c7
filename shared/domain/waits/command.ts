import * as z from 'zod';
import { toFailure, type WaitKind } from './wait.ts';

/** systems-manager/userguide/monitoring-systems-manager-event-examples */
const Event = z.object({
  'detail-type': z.enum([
    'EC2 Command Status-change Notification',
    'EC2 Command Invocation Status-change Notification',
  ]),
  detail: z.object({ 'command-id': z.string() }),
});

/** One command of Run Command; the wait's subject names the instance. */
export const command = {
  name: 'command',
  polled: false,
  wakesOn(event) {
    const parsed = Event.safeParse(event);
    return parsed.success ? { resource: parsed.data.detail['command-id'] } : undefined;
  },
  onTimeout: (resource) =>
    toFailure(
      'TestsFailed',
      `Command ${resource} did not end in time; the instance may have stopped answering.`,
    ),
} as const satisfies WaitKind;
