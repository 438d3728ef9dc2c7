import { assertNever } from '../../../domain/base/errors.ts';
import { keys } from '../../../domain/base/naming.ts';
import { ApprovalRecordSchema } from '../../../domain/records/approvals.ts';
import { toFailure, toSuccess } from '../../../domain/waits/wait.ts';
import { readRecord } from '../../store/read.ts';
import type { WaitCheck } from './wait-check.ts';

export const approvalCheck: WaitCheck = {
  async check({ table }, wait) {
    const approval = await readRecord(table, keys.approval(wait.resource), ApprovalRecordSchema);
    if (approval === undefined) return undefined;
    switch (approval.state) {
      case 'open':
        return undefined;
      case 'withdrawn':
        return toSuccess({ decision: 'asked-again' });
      case 'void':
        return toFailure('AttemptEnded', `Approval ${approval.id} was withdrawn.`);
      case 'approved':
      case 'rejected':
      case 'expired':
        return toSuccess({
          decision: approval.state,
          ...(approval.decision === undefined
            ? {}
            : { by: approval.decision.by, comment: approval.decision.comment }),
        });
      default:
        return assertNever(approval.state);
    }
  },
  expiryWrites: (wait) => [
    { update: keys.approval(wait.resource), set: { state: 'expired' }, when: { equals: { state: 'open' } } },
  ],
};
