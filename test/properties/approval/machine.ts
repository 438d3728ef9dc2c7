/** The approve machine of an attempt, and what the bake's machine does before and after it; each call may be repeated. */
import { executionName } from '../../../shared/domain/base/naming.ts';
import { requestApproval } from '../../../shared/use-cases/approval/request-approval.ts';
import { voidApprovals } from '../../../shared/use-cases/approval/void-approvals.ts';
import { recordOutcome } from '../../../shared/use-cases/bakes/record-outcome.ts';
import { beginStep } from '../../../shared/use-cases/bakes/steps.ts';
import { registerWait } from '../../../shared/use-cases/waits/register-wait.ts';
import { succeeds } from '../engine/handlers.ts';
import type { Machine, Stage, StagePorts } from './stage.ts';

/** Machines that run, the newest first. */
export function listMachines(stage: Stage): Machine[] {
  for (const { id: bake, attempt } of stage.world.running()) {
    const key = `${bake}/${attempt}`;
    if (!stage.world.hasStarted(bake) || stage.machines.has(key)) continue;
    stage.machines.set(key, {
      bake,
      attempt,
      state: 'request',
      approval: '',
      timeoutSeconds: 0,
      tokens: 0,
      error: { name: '', cause: '' },
      isBusy: false,
    });
  }
  return [...stage.machines.values()].filter(({ state }) => state !== 'ended').reverse();
}

function findExecution({ world }: Stage, { bake, attempt }: Machine): string {
  return world.ports.workflows.executionArn('bake', executionName({ bake, attempt, machine: 'bake' }));
}

export function isStopped(stage: Stage, machine: Machine): boolean {
  return stage.world.executions.get(findExecution(stage, machine))?.status === 'ABORTED';
}

/** The next call of the machine. A stopped machine makes none. */
export async function advanceMachine(stage: Stage, machine: Machine, ports: StagePorts): Promise<void> {
  if (machine.isBusy || isStopped(stage, machine)) return;
  machine.isBusy = true;
  try {
    await succeeds(() => makeCall(stage, machine, ports));
  } finally {
    machine.isBusy = false;
  }
}

async function makeCall(stage: Stage, machine: Machine, ports: StagePorts): Promise<void> {
  const ref = { bake: machine.bake, attempt: machine.attempt };
  switch (machine.state) {
    case 'request': {
      await stage.recordImage(ref);
      const answer = await endIfRefused(machine, () => requestApproval(ports, ref));
      if (answer === undefined) return;
      Object.assign(machine, { approval: answer.approval, timeoutSeconds: answer.timeoutSeconds });
      if (answer.waiting) machine.state = 'register';
      else takeOutcome(stage, machine, { output: answer.outcome });
      return;
    }
    case 'register':
      await register(stage, machine, ports);
      return;
    case 'wait':
      takeDelivery(stage, machine);
      return;
    case 'approved':
      await endIfRefused(machine, () => beginStep(ports, ref, 'Distribute'));
      if (machine.state === 'approved') machine.state = 'distribute';
      return;
    case 'fail':
      await voidApprovals(ports, ref);
      await recordOutcome(ports, { ...ref, error: machine.error });
      stage.world.executions.set(findExecution(stage, machine), { status: 'FAILED' });
      machine.state = 'ended';
      return;
    case 'distribute':
    case 'ended':
      return;
  }
}

/** Calls of functions that refuse for good end the machine with the error. */
export async function endIfRefused<Answer>(
  machine: Machine,
  call: () => Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AttemptEnded') throw error;
    machine.error = { name: error.name, cause: error.message };
    machine.state = 'fail';
    return undefined;
  }
}

/** A function that dies after it has stored the token fails the task, and the task is tried again with a new token. */
async function register(stage: Stage, machine: Machine, ports: StagePorts): Promise<void> {
  const { bake, attempt, approval: resource, timeoutSeconds } = machine;
  machine.tokens += 1;
  const token = toToken(machine);
  stage.ports.tokens.open(token);
  try {
    const wait = { bake, attempt, kind: 'approval', resource, token, timeoutSeconds, subject: {} } as const;
    await endIfRefused(machine, () => registerWait(ports, wait));
    if (machine.state === 'register') machine.state = 'wait';
  } finally {
    takeDelivery(stage, machine);
    if (machine.state === 'register' || machine.state === 'fail') stage.ports.tokens.close(token);
  }
}

function toToken({ bake, attempt, tokens }: Machine): string {
  return `${bake}/${attempt}/${tokens}`;
}

function takeDelivery(stage: Stage, machine: Machine): void {
  const found = stage.ports.tokens.delivered.find(({ token }) => token === toToken(machine));
  if (found !== undefined) takeOutcome(stage, machine, found);
}

interface Delivered {
  readonly output?: unknown;
  readonly error?: string;
  readonly cause?: string;
}

function takeOutcome({ judge }: Stage, machine: Machine, { output, error, cause = '' }: Delivered): void {
  const { decision } = (output ?? {}) as { readonly decision?: string };
  judge.seeOutcome(`${machine.bake}/${machine.attempt}`, machine.approval, decision);
  if (decision === 'approved') {
    machine.state = 'approved';
    return;
  }
  if (decision === 'asked-again') {
    machine.state = 'request';
    return;
  }
  const name =
    { rejected: 'ApprovalRejected', expired: 'ApprovalExpired' }[decision ?? ''] ?? error ?? 'unknown';
  machine.error = { name, cause };
  machine.state = 'fail';
}
