import * as z from 'zod';
import { WAIT_KIND_NAMES } from '../waits/lookup.ts';
import { WaitOutcomeSchema } from '../waits/wait.ts';
import { BakeId, Time } from './values.ts';

/** One thing that a state machine waits for. The token is read by the function that completes tasks, and by no other. */
export const WaitRecordSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    kind: z.enum(WAIT_KIND_NAMES),
    resource: z.string(),
    bake: BakeId,
    attempt: z.number().int().positive(),
    token: z.string(),
    state: z.enum(['pending', 'decided', 'delivered']),
    outcome: WaitOutcomeSchema.optional(),
    /** Facts that a check needs, e.g. the instance of a command. */
    subject: z.record(z.string(), z.string()).default({}),
    createdAt: Time,
    expiresAt: Time,
  }),
);
export type WaitRecord = z.infer<typeof WaitRecordSchema>;
