/** Pure parts of waiting: which wait an event speaks of, when to look again, what a time-out means. */
import * as z from 'zod';
import { waitId } from '../base/naming.ts';
import type { WaitOutcome, WaitRecord } from '../records/waits.ts';

/** A message that we send to ourselves: look at this wait again. `round` counts the looks that found nothing. */
const WakeMessageSchema = z.strictObject({ wait: z.string(), round: z.number().int().nonnegative() });

const ImageBuilderEvent = z.object({
  'detail-type': z.literal('EC2 Image Builder Image State Change'),
  resources: z.array(z.string()).min(1),
});
const InstanceEvent = z.object({
  'detail-type': z.literal('EC2 Instance State-change Notification'),
  detail: z.object({ 'instance-id': z.string() }),
});
const CommandEvent = z.object({
  'detail-type': z.enum([
    'EC2 Command Status-change Notification',
    'EC2 Command Invocation Status-change Notification',
  ]),
  detail: z.object({ 'command-id': z.string() }),
});
const AmiEvent = z.object({
  'detail-type': z.literal('EC2 AMI State Change'),
  detail: z.object({ ImageId: z.string() }),
});

/** What a message on the wake queue may wake: a wait, or whatever waits for an image (to be looked up). */
export type Wake =
  | { readonly kind: 'wait'; readonly wait: string; readonly round?: number }
  | { readonly kind: 'image'; readonly imageId: string };

/** Event shapes: imagebuilder/userguide/integ-eventbridge, AWSEC2/UserGuide/monitor-ami-events and monitoring-instance-state-changes, systems-manager/userguide/monitoring-systems-manager-event-examples. */
export function parseWake(body: unknown): Wake | undefined {
  const own = WakeMessageSchema.safeParse(body);
  if (own.success) return { kind: 'wait', ...own.data };
  const build = ImageBuilderEvent.safeParse(body);
  const arn = build.success ? build.data.resources[0] : undefined;
  if (arn !== undefined) return { kind: 'wait', wait: waitId('image', arn) };
  const instance = InstanceEvent.safeParse(body);
  if (instance.success)
    return { kind: 'wait', wait: waitId('instance', instance.data.detail['instance-id']) };
  const command = CommandEvent.safeParse(body);
  if (command.success) return { kind: 'wait', wait: waitId('command', command.data.detail['command-id']) };
  const ami = AmiEvent.safeParse(body);
  if (ami.success) return { kind: 'image', imageId: ami.data.detail.ImageId };
  return undefined;
}

const CHECK_DELAYS_SECONDS = [2, 3, 5, 8, 13, 21, 34] as const;

/** Seconds until the next look at what sends no event (an instance that becomes reachable for Run Command); one look a minute in the end. */
export function secondsUntilCheck(round: number): number {
  return CHECK_DELAYS_SECONDS[round] ?? 60;
}

/** Seconds until the sweep looks at a wait, whatever it waits for: events are best effort. */
export const SWEEP_SECONDS = 60;

/** Partition under which a copy's image id leads to the wait of its region. */
export function toImageWaitKey(imageId: string): { pk: string; sk: string } {
  return { pk: `IMAGE#${imageId}`, sk: 'WAIT' };
}

/** What the machine is told when the time for a wait is over. */
export function timeoutOutcome(wait: WaitRecord): WaitOutcome {
  switch (wait.kind) {
    case 'image':
      return toFailure('BuildFailed', `The build ${wait.resource} did not end in time.`);
    case 'instance':
      return toFailure(
        'TestsFailed',
        `Instance ${wait.resource} did not become reachable for Run Command in time. Check that the image starts the SSM agent and that its subnet reaches Systems Manager.`,
      );
    case 'command':
      return toFailure(
        'TestsFailed',
        `Command ${wait.resource} did not end in time; the instance may have stopped answering.`,
      );
    case 'copies':
      return toFailure('DistributionFailed', `Copies of ${wait.resource} did not end in time.`);
    case 'approval':
      return { kind: 'success', output: { decision: 'expired' } };
  }
}

function toFailure(error: string, cause: string): WaitOutcome {
  return { kind: 'failure', error, cause };
}
