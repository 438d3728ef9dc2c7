/** What the votes on an approval request amount to. The request's row keeps the answer of `tally`; these functions decide it. */
import type { ApprovalRecord, Vote } from '../records/approvals.ts';

export interface ApprovalPolicy {
  readonly approvers: readonly string[];
  /** Approvals of different persons that are needed. */
  readonly quorum: number;
  /** Persons who may reject but not approve. */
  readonly barred: readonly string[];
  /** Votes count until then. */
  readonly expiresAt: string;
}

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
  const expiresAt = Date.parse(policy.expiresAt);
  const inOrder = votes.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  for (const [index, vote] of inOrder.entries()) {
    const isFirst = findVoteBy(inOrder.slice(0, index), vote.approver) === undefined;
    const isInTime = Date.parse(vote.at) < expiresAt;
    if (!isFirst || !isInTime || !isAsked(policy, vote) || isBarred(policy, vote)) continue;
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
  switch (findState(request, votes, now)) {
    case 'expired':
    case 'void':
      return 'closed';
    case 'approved':
      return vote.answer === 'approve' ? 'repeat' : 'opposite';
    case 'rejected':
      return vote.answer === 'reject' ? 'repeat' : 'opposite';
    case 'open': {
      const own = findVoteBy(votes, vote.approver);
      if (own !== undefined) return own.answer === vote.answer ? 'repeat' : 'opposite';
      if (!isAsked(request, vote)) return 'not-asked';
      return isBarred(request, vote) ? 'barred' : 'record';
    }
  }
}

/** A link is for a named approver; callers of the API are admitted by IAM. */
function isAsked({ approvers }: ApprovalPolicy, { approver, via }: Vote): boolean {
  return via === 'api' || approvers.some((named) => named.toLowerCase() === approver.toLowerCase());
}

function isBarred({ barred }: ApprovalPolicy, { approver, answer }: Vote): boolean {
  return answer === 'approve' && barred.some((person) => isSamePerson(person, approver));
}

function findVoteBy(votes: readonly Vote[], approver: string): Vote | undefined {
  return votes.find((vote) => isSamePerson(vote.approver, approver));
}

/**
 * True when two identities, IAM ARNs or mail addresses, belong to one person: the session name of an assumed role often is the person's
 * address (`.../assumed-role/Operator/ada@example.com`).
 */
function isSamePerson(one: string, other: string): boolean {
  const names = listNames(other);
  return listNames(one).some((name) => names.includes(name));
}

function listNames(identity: string): string[] {
  const lower = identity.toLowerCase();
  return lower.includes(':assumed-role/') ? [lower, lower.slice(lower.lastIndexOf('/') + 1)] : [lower];
}
