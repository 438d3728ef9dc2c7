import { ApprovalNotFound } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
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

export async function readVotes(table: Pick<Table, 'query'>, id: string): Promise<Vote[]> {
  return await readAll(table, { pk: keys.approval(id).pk, prefix: 'VOTE#' }, VoteRecordSchema);
}
