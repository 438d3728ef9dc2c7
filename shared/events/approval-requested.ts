import type { BakeRecord } from '../domain/records/bakes.ts';
import type { ChangeRecord } from '../domain/records/selectors.ts';

/** A tested image waits for people. The links themselves are secrets and never in an event. */
export function approvalRequestedEvent(detail: {
  readonly bake: string;
  readonly attempt: number;
  readonly pipeline: string;
  readonly team: string;
  readonly approval: string;
  readonly approvers: readonly string[];
  readonly expiresAt: string;
  /** Why the bake was started. */
  readonly reason: string;
  /** Where the bake began; anything but `Build` is about a retained image. */
  readonly startsAt?: BakeRecord['startsAt'];
  /** What moved, newest last. */
  readonly changes: readonly Pick<ChangeRecord, 'id' | 'selector' | 'from' | 'to'>[];
}) {
  return {
    detailType: 'Ovenbird Approval Requested',
    detail: { version: 1, state: 'awaiting-approval', ...detail },
  };
}
