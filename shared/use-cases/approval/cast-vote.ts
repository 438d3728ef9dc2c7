/**
 * An approver votes, by link, API or command. The vote, what the votes then amount to, the end of the wait and the end of the step are one
 * transaction, so that the table is the truth; the waiting machine is told afterwards (complete-task.ts). The attempt's row is only checked: the
 * next step of the machine moves it on (plan-distribution.ts), or its end does (record-outcome.ts).
 */

import { findPrincipal } from '../../domain/approval/identity.ts';
import { findState, judgeVote, tally } from '../../domain/approval/tally.ts';
import {
  assertNever,
  DecisionConflict,
  InvalidRequest,
  NotAnApprover,
  SelfApprovalRefused,
} from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { describeTime, joinWords } from '../../domain/base/text.ts';
import type { ApprovalRecord, Vote } from '../../domain/records/approvals.ts';
import { StepRecordSchema } from '../../domain/records/bakes.ts';
import { toSuccess } from '../../domain/waits/wait.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Write } from '../../ports/table.ts';
import { readAttempt } from '../store/bakes.ts';
import { readRecord } from '../store/read.ts';
import { AGAIN, retryOnConflict } from '../store/retry-on-conflict.ts';
import { prepareWaitEnd } from '../waits/prepare-wait-end.ts';
import { readApproval, readVotes, voteKey } from './read-approval.ts';

export type CastVoteDeps = Pick<Ports, 'table' | 'clock'>;

export interface CastVoteInput extends Omit<Vote, 'at' | 'round'> {
  readonly approval: string;
}

export const MAX_COMMENT_LENGTH = 2000;

/** Answers the request as it stands afterwards. The same vote again finds what is recorded; the opposite is a DecisionConflict. */
export async function castVote(
  deps: CastVoteDeps,
  { approval, ...given }: CastVoteInput,
): Promise<ApprovalRecord> {
  const comment = given.comment.trim();
  if (comment.length > MAX_COMMENT_LENGTH)
    throw new InvalidRequest(`The comment is longer than ${MAX_COMMENT_LENGTH} characters; shorten it.`);

  const failure = 'The approval request kept changing while the vote was written; try again.';
  return retryOnConflict<ApprovalRecord>(failure, async () => {
    const record = await readApproval(deps.table, approval);
    const votes = await readVotes(deps.table, record);
    // A vote came between the two reads.
    if (record.voteCount !== votes.length) return AGAIN;
    const now = deps.clock.now();
    const vote: Vote = { ...given, comment, at: now.toISOString(), round: record.round };
    const judged = judgeVote(record, votes, vote, now);
    const facts = { approval: record.id, state: findState(record, votes, now) };
    switch (judged) {
      case 'repeat':
        return record;
      case 'opposite':
        throw new DecisionConflict(describeOpposite(record), facts);
      case 'closed':
        throw new DecisionConflict(describeClosed(record), facts);
      case 'not-asked':
        throw new NotAnApprover(describeStranger(record, vote), facts);
      case 'barred':
        throw new SelfApprovalRefused(
          'You asked for this bake, or applied a revision since the current release, so another approver has to approve it.',
          facts,
        );
      case 'record': {
        if (vote.answer === 'reject' && comment === '')
          throw new InvalidRequest('A rejection needs a reason; say in the comment what has to change.');
        return writeVote(deps, record, votes, vote);
      }
      default:
        return assertNever(judged);
    }
  });
}

/** The request with the vote counted. Throws WriteConflict when a row that this rests on changed meanwhile. */
async function writeVote(
  deps: CastVoteDeps,
  record: ApprovalRecord,
  votes: readonly Vote[],
  vote: Vote,
): Promise<ApprovalRecord> {
  const attempt = await readAttempt(deps, record);
  if (attempt.state !== 'awaiting-approval' || attempt.endRequested !== undefined)
    throw new DecisionConflict(
      `Attempt ${record.attempt} of bake ${record.bake} is ${attempt.endRequested?.as ?? attempt.state}; there is nothing to decide any more.`,
      { approval: record.id, state: 'void' },
    );

  const { state, decision } = tally(record, [...votes, vote], new Date(vote.at));
  const change = {
    state,
    voteCount: votes.length + 1,
    ...(decision === undefined ? {} : { decision: toDecision(decision) }),
  };
  const writes: Write[] = [
    { put: { ...voteKey(record, vote), ...vote }, when: { exists: false } },
    {
      update: keys.approval(record.id),
      set: change,
      when: {
        exists: true,
        equals: {
          state: 'open',
          voteCount: votes.length,
          evidence: record.evidence,
          attempt: record.attempt,
          imageDigest: record.imageDigest,
          evidenceDigest: record.evidenceDigest,
          targetsDigest: record.targetsDigest,
        },
      },
    },
    {
      check: keys.attempt(record.bake, record.attempt),
      when: { equals: { state: 'awaiting-approval', endRequested: null } },
    },
    ...(decision === undefined ? [] : await prepareEnd(deps, record, decision)),
  ];
  await deps.table.write(writes);
  return { ...record, ...change };
}

/** The end of the wait and of the step. */
async function prepareEnd(deps: CastVoteDeps, record: ApprovalRecord, decision: Vote): Promise<Write[]> {
  const stepKey = keys.step(record.bake, record.attempt, 'Approve');
  const step = await readRecord(deps.table, stepKey, StepRecordSchema);
  const outcome = toSuccess({
    decision: OUTCOMES[decision.answer],
    by: decision.approver,
    comment: decision.comment,
  });
  const end = {
    state: decision.answer === 'approve' ? 'succeeded' : 'failed',
    endedAt: decision.at,
    summary: describeDecision(decision),
  };
  return [
    await prepareWaitEnd(deps, 'approval', record.id, outcome, new Date(decision.at)),
    ...(step?.state === 'running'
      ? [{ update: stepKey, set: end, when: { equals: { state: 'running' } } }]
      : []),
  ];
}

const OUTCOMES = { approve: 'approved', reject: 'rejected' } as const;

function toDecision({ approver, at, comment, via }: Vote): NonNullable<ApprovalRecord['decision']> {
  return { by: approver, at, comment, via };
}

function describeDecision({ answer, approver, comment }: Vote): string {
  return `${answer === 'approve' ? 'Approved' : 'Rejected'} by ${approver}${comment === '' ? '' : `: ${comment}`}`;
}

function describeOpposite({ state, decision }: ApprovalRecord): string {
  return decision === undefined
    ? 'You have given the opposite vote already; a vote is final.'
    : `This was ${state} by ${decision.by} already; the first decision stands.`;
}

function describeClosed(record: ApprovalRecord): string {
  switch (record.state) {
    case 'void':
      return `This request was withdrawn: attempt ${record.attempt} of bake ${record.bake} has ended.`;
    case 'withdrawn':
      return `This request was withdrawn since its approvers changed; the approvers of now are asked in a moment. List open requests with: ovenbird status --approvals`;
    default:
      return `This request expired at ${describeTime(record.expiresAt)}. Ask for a new one with: ovenbird retry ${record.bake}`;
  }
}

function describeStranger({ approvers, pipeline }: ApprovalRecord, { approver, via }: Vote): string {
  const asked = `${approver} is not among the approvers of this request: ${joinWords(approvers)}.`;
  if (via === 'link') return asked;
  const principal = findPrincipal(approver);
  const named = /:(?:user|role)\/|^sso:/.test(principal) ? principal : 'the ARN of a user or role';
  return `${asked} They decide by the link in their mail. To decide by API or command line as this identity, name ${named} among the principals of an approver in the definition of ${pipeline} (approval.approvers: [{ email, principals }]) and have somebody else apply it.`;
}
