import * as z from 'zod';
import { BakeId, Time } from './values.ts';

const VIA = z.enum(['link', 'api']);
const Comment = z.string().max(2000).default('');

/** One approver's answer, written once. */
export const VoteRecordSchema = z.lazy(() =>
  z.object({
    /** Mail address behind a link, or ARN of the API's caller. */
    approver: z.string(),
    answer: z.enum(['approve', 'reject']),
    at: Time,
    comment: Comment,
    via: VIA,
  }),
);
export type Vote = z.infer<typeof VoteRecordSchema>;

export const ApprovalRecordSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    bake: BakeId,
    attempt: z.number().int().positive(),
    pipeline: z.string(),
    approvers: z.array(z.string()),
    /** Approvals that are needed. */
    quorum: z.number().int().positive(),
    /** Requesters of the bake and its retries, who may not approve it. */
    barred: z.array(z.string()),
    imageDigest: z.string(),
    evidenceDigest: z.string(),
    targetsDigest: z.string(),
    evidence: z.string(),
    /** What the votes amount to (tally.ts), or `void` when the request was withdrawn before it was settled. */
    state: z.enum(['open', 'approved', 'rejected', 'expired', 'void']),
    requestedAt: Time,
    expiresAt: Time,
    /** Approvers who have been sent their link, so that a repeated request does not send it twice. */
    notified: z.array(z.string()).default([]),
    /** Recorded votes. Each new vote is written on the condition that this is still the number that it was judged with. */
    voteCount: z.number().int().nonnegative(),
    /** The vote that settled the request. */
    decision: z.object({ by: z.string(), at: Time, comment: Comment, via: VIA }).optional(),
  }),
);
export type ApprovalRecord = z.infer<typeof ApprovalRecordSchema>;
