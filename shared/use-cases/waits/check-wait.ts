/**
 * Looks at what a wait waits for and decides it, once. Called when it is registered, when an event or a delayed message speaks of it, and by
 * the sweep; whoever is first wins, the others find it decided. The table's stream has the outcome delivered (complete-tasks.ts).
 */

import { SWEEP_SECONDS, timeoutOutcome } from '../../domain/bakes/waits.ts';
import { assertNever } from '../../domain/base/errors.ts';
import { due, keys } from '../../domain/base/naming.ts';
import { ApprovalRecordSchema } from '../../domain/records/approvals.ts';
import { type WaitOutcome, type WaitRecord, WaitRecordSchema } from '../../domain/records/waits.ts';
import type { BuildEngine } from '../../ports/build-engine.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Commands } from '../../ports/commands.ts';
import { type Table, type Write, WriteConflict } from '../../ports/table.ts';
import type { TestInstances } from '../../ports/test-instances.ts';

export interface CheckWaitDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly engine: Pick<BuildEngine, 'status'>;
  readonly instances: Pick<TestInstances, 'status'>;
  readonly commands: Pick<Commands, 'status'>;
  /** What a region's copies say (check-copies.ts), or undefined while all of them are on their way. */
  readonly checkCopies: (wait: WaitRecord) => Promise<WaitOutcome | undefined>;
  /** Told of the wait before anything is done about it: an event does not say which bake waits. */
  readonly onWait?: (wait: WaitRecord) => Promise<void>;
}

/** Two rounds: a decision that loses against an approver's own is looked at again. */
const ROUNDS = 2;

/** Answers the state that the wait is in now; undefined where nobody waits. */
export async function checkWait(deps: CheckWaitDeps, id: string): Promise<WaitRecord['state'] | undefined> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const item = await deps.table.get(keys.wait(id));
    if (item === undefined) return undefined;
    const wait = WaitRecordSchema.parse(item);
    await deps.onWait?.(wait);
    if (wait.state !== 'pending') return wait.state;

    const seen = await checkResource(deps, wait);
    const expired = seen === undefined && wait.expiresAt <= deps.clock.now().toISOString();
    const outcome = expired ? timeoutOutcome(wait) : seen;
    if (outcome === undefined) return 'pending';
    try {
      await deps.table.write(prepareDecision(deps, wait, outcome, expired));
      return 'decided';
    } catch (error) {
      if (!(error instanceof WriteConflict)) throw error;
    }
  }
  return 'pending';
}

/**
 * The write that decides a pending wait. Whoever decides for another reason (an approver) puts it into the transaction of its own decision.
 * The due time stays, so that a delivery that was lost is found again.
 */
export function decideWait(wait: Pick<WaitRecord, 'id' | 'token'>, outcome: WaitOutcome, now: Date): Write {
  return {
    update: keys.wait(wait.id),
    set: {
      state: 'decided',
      outcome,
      duePk: due.wait,
      dueSk: new Date(now.getTime() + SWEEP_SECONDS * 1000).toISOString(),
    },
    when: { equals: { state: 'pending', token: wait.token } },
  };
}

function prepareDecision(
  deps: CheckWaitDeps,
  wait: WaitRecord,
  outcome: WaitOutcome,
  expired: boolean,
): readonly Write[] {
  const decide = decideWait(wait, outcome, deps.clock.now());
  if (!expired || wait.kind !== 'approval') return [decide];
  const close: Write = {
    update: keys.approval(wait.resource),
    set: { state: 'expired' },
    when: { equals: { state: 'open' } },
  };
  return [decide, close];
}

/** What the resource says, or undefined while it says nothing final. */
async function checkResource(deps: CheckWaitDeps, wait: WaitRecord): Promise<WaitOutcome | undefined> {
  switch (wait.kind) {
    case 'image':
      return checkImage(deps, wait);
    case 'instance':
      return checkInstance(deps, wait);
    case 'command':
      return checkCommand(deps, wait);
    case 'copies':
      return deps.checkCopies(wait);
    case 'approval':
      return checkApproval(deps, wait);
    default:
      return assertNever(wait.kind);
  }
}

async function checkImage(deps: CheckWaitDeps, wait: WaitRecord): Promise<WaitOutcome | undefined> {
  const status = await deps.engine.status(wait.resource);
  if (status.state === 'running') return undefined;
  if (status.state === 'available') return toSuccess({ imageId: status.imageId });
  if (status.log !== undefined) await recordBuildLog(deps, wait, status.log);
  const log = status.log === undefined ? '' : ` Log: ${status.log}`;
  return toFailure('BuildFailed', `The build ${status.state}: ${status.reason}${log}`);
}

/** Image Builder's record of the build is soon cleaned up; the end of the attempt names the log. */
async function recordBuildLog(deps: CheckWaitDeps, wait: WaitRecord, log: string): Promise<void> {
  const { bake, attempt, resource, subject } = wait;
  if (subject.variant === undefined) return;
  const update = keys.artifact(bake, subject.variant);
  try {
    await deps.table.write([{ update, set: { log }, when: { equals: { attempt, build: resource } } }]);
  } catch (error) {
    // The row belongs to a newer attempt: nobody asks for this log any more, and the wait is decided all the same.
    if (!(error instanceof WriteConflict)) throw error;
  }
}

async function checkInstance(deps: CheckWaitDeps, wait: WaitRecord): Promise<WaitOutcome | undefined> {
  const status = await deps.instances.status(wait.resource);
  if (status.state === 'gone')
    return toFailure('TestsFailed', `Instance ${wait.resource} ended before its tests: ${status.reason}`);
  return status.state === 'ready' ? toSuccess({}) : undefined;
}

async function checkCommand(deps: CheckWaitDeps, wait: WaitRecord): Promise<WaitOutcome | undefined> {
  const status = await deps.commands.status(wait.resource, wait.subject.instance ?? '');
  return status.state === 'running' ? undefined : toSuccess({});
}

async function checkApproval(deps: CheckWaitDeps, wait: WaitRecord): Promise<WaitOutcome | undefined> {
  const item = await deps.table.get(keys.approval(wait.resource));
  if (item === undefined) return undefined;
  const approval = ApprovalRecordSchema.parse(item);
  switch (approval.state) {
    case 'open':
      return undefined;
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
}

function toSuccess(output: unknown): WaitOutcome {
  return { kind: 'success', output };
}
function toFailure(error: string, cause: string): WaitOutcome {
  return { kind: 'failure', error, cause };
}
