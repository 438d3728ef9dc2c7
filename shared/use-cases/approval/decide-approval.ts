/**
 * A person decides, by link, API or command. The decision, the end of the wait and the end of the step are one transaction: the first
 * decision wins, and the table is the truth; the waiting machine is told afterwards (complete-tasks.ts).
 */
import { type ApprovalDecision, isSamePerson, judgeDecision } from '../../domain/approval/approval.ts';
import {
  ApprovalNotFound,
  assertNever,
  DecisionConflict,
  InvalidRequest,
  SelfApprovalRefused,
  TryLater,
} from '../../domain/base/errors.ts';
import { keys, waitId } from '../../domain/base/naming.ts';
import { describeTime } from '../../domain/base/text.ts';
import { type ApprovalRecord, ApprovalRecordSchema } from '../../domain/records/approvals.ts';
import { StepRecordSchema } from '../../domain/records/bakes.ts';
import { type WaitRecord, WaitRecordSchema } from '../../domain/records/waits.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Table, type Write, WriteConflict } from '../../ports/table.ts';
import { readAttempt, readBake } from '../store/bakes.ts';
import { decideWait } from '../waits/check-wait.ts';

export interface DecideApprovalDeps {
  readonly table: Table;
  readonly clock: Clock;
}

export interface DecideApprovalInput {
  readonly approval: string;
  readonly decision: ApprovalDecision;
  readonly comment: string;
  /** Mail address behind a link, or ARN of the caller. */
  readonly by: string;
  readonly via: 'link' | 'api';
}

const ROUNDS = 5;
export const MAX_COMMENT_LENGTH = 2000;

/** Answers the request as it stands afterwards. The same decision again finds the stored one; the opposite is a DecisionConflict. */
export async function decideApproval(
  deps: DecideApprovalDeps,
  input: DecideApprovalInput,
): Promise<ApprovalRecord> {
  const comment = input.comment.trim();
  if (comment.length > MAX_COMMENT_LENGTH)
    throw new InvalidRequest(`The comment is longer than ${MAX_COMMENT_LENGTH} characters; shorten it.`);

  for (let round = 0; round < ROUNDS; round += 1) {
    const record = await readApproval(deps, input.approval);
    const judged = judgeDecision(record, input.decision, deps.clock.now());
    switch (judged) {
      case 'repeat':
        return record;
      case 'opposite':
        throw new DecisionConflict(
          `This was ${record.state} by ${record.decision?.by ?? 'somebody'} already; the first decision stands.`,
          { approval: record.id, state: record.state },
        );
      case 'closed':
        throw new DecisionConflict(describeClosed(record), { approval: record.id, state: record.state });
      case 'record': {
        if (input.decision === 'rejected' && comment === '')
          throw new InvalidRequest('A rejection needs a reason; say in the comment what has to change.');
        await refuseOwnRequest(deps, record, input);
        const decided = await writeDecision(deps, record, { ...input, comment });
        if (decided !== undefined) return decided;
        break;
      }
      default:
        assertNever(judged);
    }
  }
  throw new TryLater('The approval request kept changing while the decision was written; try again.');
}

export async function readApproval(
  deps: Pick<DecideApprovalDeps, 'table'>,
  id: string,
): Promise<ApprovalRecord> {
  const item = await deps.table.get(keys.approval(id));
  if (item === undefined) throw new ApprovalNotFound();
  return ApprovalRecordSchema.parse(item);
}

async function refuseOwnRequest(
  deps: DecideApprovalDeps,
  record: ApprovalRecord,
  input: DecideApprovalInput,
): Promise<void> {
  if (input.decision !== 'approved') return;
  const bake = await readBake(deps, record.bake);
  const numbers = Array.from({ length: bake.attempt }, (_, index) => index + 1);
  const attempts = await Promise.all(numbers.map((attempt) => readAttempt(deps, { bake: bake.id, attempt })));
  // Whoever asked once, for the bake or for a retry, wants it released.
  const askers = [bake, ...attempts].map(({ requestedBy }) => requestedBy);
  if (askers.some((asker) => isSamePerson(asker, input.by)))
    throw new SelfApprovalRefused('You asked for this bake, so somebody else has to approve it.');
}

/** Undefined when something moved in between, so that the caller looks again. */
async function writeDecision(
  deps: DecideApprovalDeps,
  record: ApprovalRecord,
  input: DecideApprovalInput,
): Promise<ApprovalRecord | undefined> {
  const now = deps.clock.now();
  const [attempt, wait, step] = await Promise.all([
    readAttempt(deps, record),
    readWait(deps, record.id),
    deps.table.get(keys.step(record.bake, record.attempt, 'Approve')),
  ]);
  if (attempt.state !== 'awaiting-approval' || attempt.endRequested !== undefined)
    throw new DecisionConflict(
      `Attempt ${record.attempt} of bake ${record.bake} is ${attempt.endRequested?.as ?? attempt.state}; there is nothing to decide any more.`,
      { approval: record.id, state: 'void' },
    );

  const decision = { by: input.by, at: now.toISOString(), comment: input.comment, via: input.via };
  const writes: Write[] = [
    {
      update: keys.approval(record.id),
      set: { state: input.decision, decision },
      when: {
        exists: true,
        equals: {
          state: 'open',
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
    prepareWaitDecision(record, wait, input, now),
  ];
  if (step !== undefined && StepRecordSchema.parse(step).state === 'running') {
    writes.push({
      update: keys.step(record.bake, record.attempt, 'Approve'),
      set: {
        state: input.decision === 'approved' ? 'succeeded' : 'failed',
        endedAt: now.toISOString(),
        summary: describeDecision(input),
      },
      when: { equals: { state: 'running' } },
    });
  }
  try {
    await deps.table.write(writes);
    return { ...record, state: input.decision, decision };
  } catch (error) {
    if (!(error instanceof WriteConflict)) throw error;
    return undefined;
  }
}

/** The decision may come before the machine has registered its wait; registering finds it then. */
function prepareWaitDecision(
  record: ApprovalRecord,
  wait: WaitRecord | undefined,
  input: DecideApprovalInput,
  now: Date,
): Write {
  const key = keys.wait(waitId('approval', record.id));
  if (wait === undefined) return { check: key, when: { exists: false } };
  if (wait.state !== 'pending') return { check: key, when: { equals: { state: wait.state } } };
  const output = { decision: input.decision, by: input.by, comment: input.comment };
  return decideWait(wait, { kind: 'success', output }, now);
}

async function readWait(
  deps: Pick<DecideApprovalDeps, 'table'>,
  approval: string,
): Promise<WaitRecord | undefined> {
  const item = await deps.table.get(keys.wait(waitId('approval', approval)));
  return item === undefined ? undefined : WaitRecordSchema.parse(item);
}

function describeDecision(input: DecideApprovalInput): string {
  const comment = input.comment === '' ? '' : `: ${input.comment}`;
  return `${input.decision === 'approved' ? 'Approved' : 'Rejected'} by ${input.by}${comment}`;
}

function describeClosed(record: ApprovalRecord): string {
  return record.state === 'void'
    ? `This request was withdrawn: attempt ${record.attempt} of bake ${record.bake} has ended.`
    : `This request expired at ${describeTime(record.expiresAt)}. Ask for a new one with: ovenbird retry ${record.bake}`;
}
