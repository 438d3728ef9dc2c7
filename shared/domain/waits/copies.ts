import * as z from 'zod';
import { toFailure, type WaitKind } from './wait.ts';

/** AWSEC2/UserGuide/monitor-ami-events */
const Event = z.object({
  'detail-type': z.literal('EC2 AMI State Change'),
  detail: z.object({ ImageId: z.string() }),
});

/** All copies of a bake that are on their way to one region. A target need not forward its events. */
export const copies = {
  name: 'copies',
  polled: true,
  wakesOn(event) {
    const parsed = Event.safeParse(event);
    return parsed.success ? { imageId: parsed.data.detail.ImageId } : undefined;
  },
  onTimeout: (resource) => toFailure('DistributionFailed', `Copies of ${resource} did not end in time.`),
} as const satisfies WaitKind;
