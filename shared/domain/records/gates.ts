import * as z from 'zod';
import { BakeId, Time } from './values.ts';

/** The verdict of one gate about the images of one attempt. */
export const GateRecordSchema = z.lazy(() =>
  z.object({
    bake: BakeId,
    attempt: z.number().int().positive(),
    name: z.string(),
    outcome: z.enum(['passed', 'failed', 'waiting']),
    reasons: z.array(z.string()),
    judgedAt: Time,
    /** Of a gate that waits. */
    lookAgainAt: Time.optional(),
    /** Key and digest of the document that holds what was judged; absent while the gate waits. */
    evidence: z.string().optional(),
    evidenceDigest: z.string().optional(),
  }),
);
export type GateRecord = z.infer<typeof GateRecordSchema>;
