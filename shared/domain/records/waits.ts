import * as z from 'zod';
import { BakeId, Time } from './values.ts';

/** One thing that a state machine waits for. The token is only ever read by the function that completes tasks. */
export const WaitRecordSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    kind: z.enum(['image', 'instance', 'command', 'copies', 'approval']),
    resource: z.string(),
    bake: BakeId,
    attempt: z.number().int().positive(),
    token: z.string(),
    state: z.enum(['pending', 'decided', 'delivered']),
    /** What the machine is told: success with data, or a failure with an error name. */
    outcome: z
      .discriminatedUnion('kind', [
        z.object({ kind: z.literal('success'), output: z.unknown() }),
        z.object({ kind: z.literal('failure'), error: z.string(), cause: z.string() }),
      ])
      .optional(),
    /** Facts that a check needs, e.g. instance id of a command. */
    subject: z.record(z.string(), z.string()).default({}),
    createdAt: Time,
    expiresAt: Time,
  }),
);
export type WaitRecord = z.infer<typeof WaitRecordSchema>;

export type WaitOutcome = NonNullable<WaitRecord['outcome']>;
