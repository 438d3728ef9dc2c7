import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';
import { WAIT_KIND_NAMES } from '../waits/lookup.ts';
import { WaitOutcomeSchema } from '../waits/wait.ts';
import { AttemptRef, Time } from './values.ts';

/** One thing that a state machine waits for. The token is read by the function that completes tasks, and by no other. */
export const WaitRecordSchema = lazyObject(() => ({
  id: z.string(),
  kind: z.enum(WAIT_KIND_NAMES),
  resource: z.string(),
  ...AttemptRef.shape,
  token: z.string(),
  state: z.enum(['pending', 'decided', 'delivered']),
  outcome: WaitOutcomeSchema.optional(),
  /** Facts that a check needs, e.g. the instance of a command. */
  subject: z.record(z.string(), z.string()).default({}),
  createdAt: Time,
  expiresAt: Time,
}));
export type WaitRecord = z.infer<typeof WaitRecordSchema>;
