/** What is said about a request that was asked again. */
import { describeTime, joinWords } from '../base/text.ts';
import type { ApprovalRecord } from '../records/approvals.ts';

export function describeWithdrawal({
  revision,
  by,
  at,
  approvers,
}: Omit<ApprovalRecord['earlierRounds'][number], 'evidenceDigest'>): string {
  return `Revision ${revision}, applied by ${by} at ${describeTime(at)}, changed the approvers: the request to ${joinWords(approvers)} was withdrawn, and its links are dead.`;
}
