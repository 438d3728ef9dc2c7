import { findVoter } from '../../domain/approval/tally.ts';
import { ApprovalNotFound } from '../../domain/base/errors.ts';
import { type Key, keys } from '../../domain/base/naming.ts';
import {
  type ApprovalRecord,
  ApprovalRecordSchema,
  type Vote,
  VoteRecordSchema,
} from '../../domain/records/approvals.ts';
import type { Table } from '../../ports/table.ts';
import { readAll, readRecord } from '../store/read.ts';

export async function findApproval(
  table: Pick<Table, 'get'>,
  id: string,
): Promise<ApprovalRecord | undefined> {
  return await readRecord(table, keys.approval(id), ApprovalRecordSchema);
}

export async function readApproval(table: Pick<Table, 'get'>, id: string): Promise<ApprovalRecord> {
  const record = await findApproval(table, id);
  if (record === undefined) throw new ApprovalNotFound();
  return record;
}

/** The votes of the round that is asked now. */
export async function readVotes(
  table: Pick<Table, 'query'>,
  { id, round }: Pick<ApprovalRecord, 'id' | 'round'>,
): Promise<Vote[]> {
  const votes = await readAll(table, { pk: keys.approval(id).pk, prefix: 'VOTE#' }, VoteRecordSchema);
  return votes.filter((vote) => vote.round === round);
}

/** A vote is its approver's, by whatever identity it was given. */
export function voteKey(request: ApprovalRecord, vote: Vote): Key {
  return keys.vote(request.id, request.round, findVoter(request, vote)?.email ?? vote.approver);
}
