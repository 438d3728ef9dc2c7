import * as z from 'zod';
import { toFailure, type WaitKind } from './wait.ts';

/** imagebuilder/userguide/integ-eventbridge */
const Event = z.object({
  'detail-type': z.literal('EC2 Image Builder Image State Change'),
  resources: z.array(z.string()).min(1),
});

/** The build of an image; the resource is its ARN at Image Builder. */
export const image = {
  name: 'image',
  polled: false,
  wakesOn(event) {
    const parsed = Event.safeParse(event);
    const arn = parsed.success ? parsed.data.resources[0] : undefined;
    return arn === undefined ? undefined : { resource: arn };
  },
  onTimeout: (resource) => toFailure('BuildFailed', `The build ${resource} did not end in time.`),
} as const satisfies WaitKind;
