/**
 * A revision with other approvers withdraws the open request of the bake that runs: its links are dead from then on, and the machine that waits asks
 * again, of the approvers of now. The writes are part of the revision's own transaction, so that no moment has the new list and the old request.
 */
import { approvalId } from '../../domain/approval/approval-id.ts';
import { keys } from '../../domain/base/naming.ts';
import { joinWords } from '../../domain/base/text.ts';
import { listAddresses, listPrincipals } from '../../domain/definitions/approvers.ts';
import type { ApprovalRecord } from '../../domain/records/approvals.ts';
import { isTerminal } from '../../domain/records/attempt-states.ts';
import { BakeRecordSchema } from '../../domain/records/bakes.ts';
import type { RevisionRecord } from '../../domain/records/pipelines.ts';
import { toSuccess } from '../../domain/waits/wait.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Write } from '../../ports/table.ts';
import { readRecord } from '../store/read.ts';
import { prepareWaitEnd } from '../waits/prepare-wait-end.ts';
import { findApproval } from './read-approval.ts';

export type WithdrawApprovalDeps = Pick<Ports, 'table' | 'clock' | 'digest'>;

export interface NewApprovers extends Pick<RevisionRecord, 'revision'> {
  readonly approval: RevisionRecord['definition']['approval'];
  readonly by: string;
  /** The bake that runs, if one does. */
  readonly bake: string | undefined;
}

export interface Withdrawal {
  readonly writes: readonly Write[];
  /** What becomes of the open request, for who applies the revision. */
  readonly notes: readonly string[];
}

const NOTHING: Withdrawal = { writes: [], notes: [] };

/** Throws WriteConflict, when these are written, where a vote or a request came meanwhile. */
export async function prepareWithdrawal(
  deps: WithdrawApprovalDeps,
  applied: NewApprovers,
): Promise<Withdrawal> {
  const bake =
    applied.bake === undefined
      ? undefined
      : await readRecord(deps.table, keys.bake(applied.bake), BakeRecordSchema);
  if (bake === undefined || isTerminal(bake.state)) return NOTHING;
  const sameAttempt: Write = { check: keys.bake(bake.id), when: { equals: { attempt: bake.attempt } } };
  const id = approvalId(deps.digest, { bake: bake.id, attempt: bake.attempt });
  const request = await findApproval(deps.table, id);
  // One that is asked for in this moment is asked of the list of before.
  if (request === undefined)
    return { writes: [sameAttempt, { check: keys.approval(id), when: { exists: false } }], notes: [] };
  const isOver = request.expiresAt <= deps.clock.now().toISOString();
  if (request.state !== 'open' || isOver) return NOTHING;
  if (!applied.approval.required)
    return {
      writes: [],
      notes: [
        `Bake ${bake.id} still waits for the approval of ${joinWords(request.approvers)}: it was begun under a revision that asks for one. Approve it, or end it with: ovenbird cancel ${bake.id}`,
      ],
    };
  if (hasSameApprovers(request, applied.approval)) return NOTHING;
  return {
    writes: [sameAttempt, ...(await prepareWrites(deps, request, applied))],
    notes: [
      `Bake ${bake.id} is asked again, of ${joinWords(listAddresses(applied.approval))}; the links of before are dead.`,
    ],
  };
}

async function prepareWrites(
  deps: WithdrawApprovalDeps,
  request: ApprovalRecord,
  { revision, by }: NewApprovers,
): Promise<Write[]> {
  const now = deps.clock.now();
  const { round, approvers, voteCount, evidence, evidenceDigest } = request;
  const withdrawn = { round, approvers, evidenceDigest, revision, by, at: now.toISOString() };
  return [
    {
      update: keys.approval(request.id),
      set: { state: 'withdrawn', round },
      append: { earlierRounds: [withdrawn] },
      when: { equals: { state: 'open', voteCount, evidence } },
    },
    await prepareWaitEnd(deps, 'approval', request.id, toSuccess({ decision: 'asked-again' }), now),
  ];
}

function hasSameApprovers(
  request: Pick<ApprovalRecord, 'approvers' | 'principals'>,
  approval: NewApprovers['approval'],
): boolean {
  const principals = listPrincipals(approval);
  const before = describeApprovers(request.approvers, request.principals);
  const after = describeApprovers(listAddresses(approval), principals);
  return before.length === after.length && before.every((entry, index) => entry === after[index]);
}

/** Each with the principals, in an order that says nothing. */
function describeApprovers(
  approvers: readonly string[],
  principals: Readonly<Record<string, readonly string[]>>,
): string[] {
  const lines = approvers.map((address) =>
    [address, ...(principals[address] ?? []).toSorted()].join(' ').toLowerCase(),
  );
  return [...new Set(lines)].sort();
}
