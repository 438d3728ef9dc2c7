import * as z from 'zod';
import { BakeId, Time } from './values.ts';

export const ApprovalRecordSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    bake: BakeId,
    attempt: z.number().int().positive(),
    pipeline: z.string(),
    approvers: z.array(z.string()),
    imageDigest: z.string(),
    evidenceDigest: z.string(),
    targetsDigest: z.string(),
    evidence: z.string(),
    state: z.enum(['open', 'approved', 'rejected', 'expired', 'void']),
    requestedAt: Time,
    expiresAt: Time,
    /** Approvers who have been sent their link, so that a repeated request does not send it twice. */
    notified: z.array(z.string()).default([]),
    decision: z
      .object({
        by: z.string(),
        at: Time,
        comment: z.string().max(2000).default(''),
        via: z.enum(['link', 'api']),
      })
      .optional(),
  }),
);
export type ApprovalRecord = z.infer<typeof ApprovalRecordSchema>;
