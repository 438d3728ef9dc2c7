import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';
import { AttemptRef, Time } from './values.ts';

/** The verdict of one gate about the images of one attempt. */
export const GateRecordSchema = lazyObject(() => ({
  ...AttemptRef.shape,
  name: z.string(),
  outcome: z.enum(['passed', 'failed', 'waiting']),
  reasons: z.array(z.string()),
  judgedAt: Time,
  /** Of a gate that waits. */
  lookAgainAt: Time.optional(),
  /** Key and digest of the document that holds what was judged; absent while the gate waits. */
  evidence: z.string().optional(),
  evidenceDigest: z.string().optional(),
}));
export type GateRecord = z.infer<typeof GateRecordSchema>;
