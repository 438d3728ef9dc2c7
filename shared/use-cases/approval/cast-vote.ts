/**
 * An approver votes, by link, API or command. The vote, what the votes then amount to, the end of the wait and the end of the step are one
 * transaction, so that the table is the truth; the waiting machine is told afterwards (complete-task.ts).
 */

import { findState, judgeVote, tally } from '../../domain/approval/tally.ts';
import {
  assertNever,
  DecisionConflict,
  InvalidRequest,
  SelfApprovalRefused,
} from '../../domain/base/errors.ts';
import { keys, waitId } from '../../domain/base/naming.ts';
import { describeTime } from '../../domain/base/text.ts';
import type { ApprovalRecord, Vote } from '../../domain/records/approvals.ts';
import { StepRecordSchema } from '../../domain/records/bakes.ts';
import { WaitRecordSchema } from '../../domain/records/waits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Table, Write } from '../../ports/table.ts';
import { readAttempt } from '../store/bakes.ts';
import { readRecord } from '../store/read.ts';
import { AGAIN, retryOnConflict } from '../store/retry-on-conflict.ts';
import { recordWaitOutcome } from '../waits/check-wait.ts';
import { readApproval, readVotes } from './read-approval.ts';

export interface CastVoteDeps {
  readonly table: Table;
  readonly clock: Clock;
}

export interface CastVoteInput extends Omit<Vote, 'at'> {
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
    const [record, votes] = await Promise.all([
      readApproval(deps.table, approval),
      readVotes(deps.table, approval),
    ]);
    // A vote came between the two reads.
    if (record.voteCount !== votes.length) return AGAIN;
    const now = deps.clock.now();
    const vote: Vote = { ...given, comment, at: now.toISOString() };
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
        throw new InvalidRequest(`${vote.approver} is not among the approvers of this request.`);
      case 'barred':
        throw new SelfApprovalRefused('You requested this bake, so another approver has to approve it.');
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
    { put: { ...keys.vote(record.id, vote.approver), ...vote }, when: { exists: false } },
    {
      update: keys.approval(record.id),
      set: change,
      when: {
        exists: true,
        equals: {
          state: 'open',
          voteCount: votes.length,
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

/** The end of the wait and of the step. The decision may come before the machine has registered its wait; registering finds it then. */
async function prepareEnd(deps: CastVoteDeps, record: ApprovalRecord, decision: Vote): Promise<Write[]> {
  const waitKey = keys.wait(waitId('approval', record.id));
  const stepKey = keys.step(record.bake, record.attempt, 'Approve');
  const [wait, step] = await Promise.all([
    readRecord(deps.table, waitKey, WaitRecordSchema),
    readRecord(deps.table, stepKey, StepRecordSchema),
  ]);
  const outcome = {
    kind: 'success',
    output: { decision: OUTCOMES[decision.answer], by: decision.approver, comment: decision.comment },
  } as const;
  const end = {
    state: decision.answer === 'approve' ? 'succeeded' : 'failed',
    endedAt: decision.at,
    summary: describeDecision(decision),
  };
  return [
    wait?.state === 'pending'
      ? recordWaitOutcome(wait, outcome, new Date(decision.at))
      : {
          check: waitKey,
          when: wait === undefined ? { exists: false } : { equals: { state: wait.state } },
        },
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
  return record.state === 'void'
    ? `This request was withdrawn: attempt ${record.attempt} of bake ${record.bake} has ended.`
    : `This request expired at ${describeTime(record.expiresAt)}. Ask for a new one with: ovenbird retry ${record.bake}`;
}
