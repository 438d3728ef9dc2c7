/** What the votes on an approval request amount to. The request's row keeps the answer of `tally`; these functions decide it. */
import type { ApprovalRecord, Vote } from '../records/approvals.ts';
import { hasPrincipal, mayBeSamePerson, type Person } from './identity.ts';

/** Who is asked, as whom they decide by API, how many approvals of different persons are needed, who may reject alone, and until when votes count. */
export type ApprovalPolicy = Pick<
  ApprovalRecord,
  'approvers' | 'principals' | 'quorum' | 'barred' | 'expiresAt'
>;

export interface Tally {
  readonly state: 'open' | 'approved' | 'rejected' | 'expired';
  /** Approvals that count, in the order in which they came. */
  readonly approvals: readonly Vote[];
  /** The rejection, or the approval that made the quorum full. */
  readonly decision?: Vote;
}

/** The state of a request with these votes. The first rejection or the full quorum settles it; votes that come later change nothing. */
export function tally(policy: ApprovalPolicy, votes: readonly Vote[], now: Date): Tally {
  const approvals: Vote[] = [];
  const heard = new Set<string>();
  const expiresAt = Date.parse(policy.expiresAt);
  for (const vote of votes.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))) {
    const voter = findVoter(policy, vote);
    if (voter === undefined || heard.has(voter.email)) continue;
    heard.add(voter.email);
    const isInTime = Date.parse(vote.at) < expiresAt;
    if (!isInTime || isBarred(policy, voter, vote)) continue;
    if (vote.answer === 'reject') return { state: 'rejected', approvals, decision: vote };
    approvals.push(vote);
    if (approvals.length >= policy.quorum) return { state: 'approved', approvals, decision: vote };
  }
  return { state: expiresAt <= now.getTime() ? 'expired' : 'open', approvals };
}

type RequestToJudge = ApprovalPolicy & Pick<ApprovalRecord, 'state'>;

/** The state of a request now: the one of its row, or `expired` where the row does not say so yet. */
export function findState(
  request: RequestToJudge,
  votes: readonly Vote[],
  now: Date,
): ApprovalRecord['state'] {
  return request.state === 'open' ? tally(request, votes, now).state : request.state;
}

/** What a vote that comes now means: it is new, agrees with what is recorded, contradicts it, comes too late, or may not be given. */
export function judgeVote(
  request: RequestToJudge,
  votes: readonly Vote[],
  vote: Vote,
  now: Date,
): 'record' | 'repeat' | 'opposite' | 'closed' | 'not-asked' | 'barred' {
  const voter = findVoter(request, vote);
  switch (findState(request, votes, now)) {
    case 'expired':
    case 'withdrawn':
    case 'void':
      return 'closed';
    case 'approved':
      return vote.answer === 'approve' ? 'repeat' : 'opposite';
    case 'rejected':
      return vote.answer === 'reject' ? 'repeat' : 'opposite';
    case 'open': {
      if (voter === undefined) return 'not-asked';
      const own = votes.find((given) => findVoter(request, given)?.email === voter.email);
      if (own !== undefined) return own.answer === vote.answer ? 'repeat' : 'opposite';
      return isBarred(request, voter, vote) ? 'barred' : 'record';
    }
  }
}

/** The approver who votes: by link the one whom it was made for, by API the one who names the caller as a principal. */
export function findVoter(
  policy: Pick<ApprovalPolicy, 'approvers' | 'principals'>,
  { approver: identity, via }: Pick<Vote, 'approver' | 'via'>,
): Person | undefined {
  const lower = identity.toLowerCase();
  return policy.approvers
    .map((email): Person => ({ email: email.toLowerCase(), principals: policy.principals[email] ?? [] }))
    .find((person) => (via === 'link' ? person.email === lower : hasPrincipal(person, identity)));
}

function isBarred({ barred }: ApprovalPolicy, voter: Person, { answer }: Vote): boolean {
  return answer === 'approve' && barred.some((identity) => mayBeSamePerson(voter, identity));
}
