/** Ends a bake that newer versions have overtaken before it was approved. The newer one starts when this one's end is recorded. */

import { approvalId } from '../../domain/approval/approval-id.ts';
import { keys } from '../../domain/base/naming.ts';
import type { Decision } from '../../domain/reconcile/decide.ts';
import { findDirtySince } from '../../domain/reconcile/observed.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Write } from '../../ports/table.ts';
import type { Workflows } from '../../ports/workflows.ts';
import { findExecution } from '../bakes/executions.ts';
import { dirtyAt } from '../store/status.ts';
import type { ObservedRows } from './observe.ts';
import { statusWrite } from './record-decision.ts';

export interface SupersedeDeps extends Pick<Ports, 'table' | 'clock' | 'digest'> {
  readonly workflows: Pick<Workflows, 'stop' | 'executionArn'>;
}

/** Who asks, as people read it on the attempt. */
const REQUESTED_BY = 'Ovenbird, for newer versions';
const CHECK_AGAIN_SECONDS = 60;

/** Throws WriteConflict when the bake has moved, was approved or has ended since it was read: its approval is checked in one state only. */
export async function supersedeBake(
  deps: SupersedeDeps,
  read: ObservedRows,
  { active, reason }: Extract<Decision, { kind: 'supersede' }>,
): Promise<void> {
  const now = deps.clock.now();
  const at = now.toISOString();
  const dueAt = new Date(now.getTime() + CHECK_AGAIN_SECONDS * 1000).toISOString();
  const { status } = read.observation.observed;
  await deps.table.write([
    {
      update: keys.attempt(active.id, active.attempt),
      set: { endRequested: { as: 'superseded', by: REQUESTED_BY, at } },
      when: { equals: { state: active.state, endRequested: null } },
    },
    statusWrite(
      read,
      { at, kind: 'hold', reasons: [reason], bake: active.id },
      {
        set: {
          ...dirtyAt(dueAt),
          dirtySince: findDirtySince(read.observation),
          supersededInRow: status.supersededInRow + 1,
        },
      },
    ),
    ...approvalChecks(deps, read),
  ]);
  const attempt = read.attempt ?? { bake: active.id, attempt: active.attempt };
  await deps.workflows.stop(findExecution(deps.workflows, attempt), reason.message);
}

/** A decision that comes in the same moment wins or loses as a whole. */
function approvalChecks(deps: SupersedeDeps, { attempt }: ObservedRows): Write[] {
  if (attempt?.state !== 'awaiting-approval') return [];
  const key = keys.approval(approvalId(deps.digest, attempt));
  return [{ check: key, when: { equals: { decision: null } } }];
}
