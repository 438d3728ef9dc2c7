import * as z from 'zod';

/** A tested image waits for people. The links themselves are secrets and never in an event. */
export const ApprovalRequestedSchema = z.object({
  version: z.literal(1),
  bake: z.string(),
  attempt: z.number().int().positive(),
  pipeline: z.string(),
  team: z.string(),
  state: z.literal('awaiting-approval'),
  approval: z.string(),
  approvers: z.array(z.string()),
  expiresAt: z.iso.datetime(),
  /** Why the bake was started. */
  reason: z.string(),
  /** Where the bake began; anything but `Build` is about a retained image. */
  startsAt: z.enum(['Build', 'Test', 'Approve', 'Distribute']).optional(),
  /** What moved, newest last. */
  changes: z.array(
    z.object({ id: z.string(), selector: z.string(), from: z.string().optional(), to: z.string() }),
  ),
});
export type ApprovalRequested = z.infer<typeof ApprovalRequestedSchema>;

export const APPROVAL_REQUESTED = 'Ovenbird Approval Requested';

export function approvalRequestedEvent(detail: Omit<ApprovalRequested, 'version' | 'state'>) {
  return {
    detailType: APPROVAL_REQUESTED,
    detail: { version: 1, state: 'awaiting-approval', ...detail } satisfies ApprovalRequested,
  };
}
