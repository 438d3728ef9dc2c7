import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';
import { AttemptRef, Time } from './values.ts';

const VIA = z.enum(['link', 'api']);
const Comment = z.string().max(2000).default('');

/** One approver's answer, written once. */
export const VoteRecordSchema = lazyObject(() => ({
  /** Mail address behind a link, or ARN of the API's caller. */
  approver: z.string(),
  answer: z.enum(['approve', 'reject']),
  at: Time,
  comment: Comment,
  via: VIA,
  /** Of the request: a vote is for whom was asked then. */
  round: z.number().int().positive().default(1),
}));
export type Vote = z.infer<typeof VoteRecordSchema>;

export const ApprovalRecordSchema = lazyObject(() => ({
  id: z.string(),
  ...AttemptRef.shape,
  pipeline: z.string(),
  approvers: z.array(z.string()).meta({ description: 'Addresses; each is sent a link.' }),
  principals: z.record(z.string(), z.array(z.string())).default({}).meta({
    description: 'As whom an approver decides by API and command line, by address.',
  }),
  round: z.number().int().positive().default(1).meta({
    description: 'Rises when it is asked again of others; links of earlier rounds are dead.',
  }),
  revision: z.number().int().positive().optional().meta({
    description: 'The revision of the definition whose approvers are asked.',
  }),
  earlierRounds: z
    .array(
      z.object({
        round: z.number().int().positive(),
        approvers: z.array(z.string()),
        evidenceDigest: z.string(),
        revision: z.number().int().positive(),
        by: z.string(),
        at: Time,
      }),
    )
    .default([])
    .meta({
      description:
        'Rounds that were withdrawn: whom they asked, and the revision that changed the approvers.',
    }),
  /** Approvals that are needed. */
  quorum: z.number().int().positive(),
  /** Who asked for the bake or its retries, or applied a revision since the current release: they may not approve it. */
  barred: z.array(z.string()),
  imageDigest: z.string(),
  evidenceDigest: z.string(),
  targetsDigest: z.string(),
  evidence: z.string(),
  /**
   * What the votes amount to (tally.ts); `withdrawn` from when its approvers changed until it is asked again; `void` when its attempt ended before it
   * was settled.
   */
  state: z.enum(['open', 'approved', 'rejected', 'expired', 'withdrawn', 'void']),
  requestedAt: Time,
  expiresAt: Time,
  /** Approvers who have been sent their link, so that a repeated request does not send it twice. */
  notified: z.array(z.string()).default([]),
  /** Recorded votes. Each new vote is written on the condition that this is still the number that it was judged with. */
  voteCount: z.number().int().nonnegative(),
  /** The vote that settled the request. */
  decision: z.object({ by: z.string(), at: Time, comment: Comment, via: VIA }).optional(),
}));
export type ApprovalRecord = z.infer<typeof ApprovalRecordSchema>;
