/** Plays a given world: its actions, with processes that die and messages that are lost, doubled and late; then everything comes to rest. */
import { waitId } from '../../../shared/domain/base/naming.ts';
import { castVote } from '../../../shared/use-cases/approval/cast-vote.ts';
import { voidApprovals } from '../../../shared/use-cases/approval/void-approvals.ts';
import { applyDefinition } from '../../../shared/use-cases/definitions/apply-definition.ts';
import { cancelBake } from '../../../shared/use-cases/reconcile/cancel-bake.ts';
import { retryBake } from '../../../shared/use-cases/reconcile/retry-bake.ts';
import { completeTask } from '../../../shared/use-cases/waits/complete-task.ts';
import { handleWake } from '../../../shared/use-cases/waits/handle-wake.ts';
import {
  ami,
  BASE_PARAMETER,
  HOME,
  type PipelineFixture,
  toDefinition,
} from '../../support/reconcile-world.ts';
import { type CallWrapper, crashAtCall, interleaveCalls, succeeds, wrapPort } from '../engine/handlers.ts';
import { APPROVERS, type ApprovalGiven, type Task } from './given.ts';
import { advanceMachine, endIfRefused, isStopped, listMachines } from './machine.ts';
import {
  createStage,
  type Machine,
  PIPELINE,
  type Stage,
  type StagePorts,
  toApprovers,
  toVoter,
} from './stage.ts';

const HOUR = 3600;

export interface Played {
  /** Rules that were broken, as sentences. */
  readonly broken: readonly string[];
  /** How the requests ended. */
  readonly ends: readonly string[];
}

export async function playApproval(given: ApprovalGiven): Promise<Played> {
  const stage = createStage(given);
  await startBake(stage);
  for (const { tasks, crash } of given.actions) {
    const runs = [...tasks].map((task: Task, index) => async (around: CallWrapper) => {
      const death = index === 0 && crash !== null ? crashAtCall(crash).around : undefined;
      const wrapped = wrapAll(stage.ports, (make, name) =>
        around(() => (death === undefined ? make() : death(make, name)), name),
      );
      await runTask(stage, task, wrapped, tasks.length === 1 && crash === null);
    });
    const [only] = runs;
    if (runs.length === 1 && only !== undefined) await only((make) => make());
    else await interleaveCalls(runs, stage.random);
  }
  await comeToRest(stage);
  stage.judge.checkRest();
  return { broken: [...new Set(stage.judge.broken)], ends: stage.judge.listEnds() };
}

async function startBake(stage: Stage): Promise<void> {
  const { world, given } = stage;
  const by = toVoter(given.requestedBy).approver;
  await world.apply(toFixture(given.approvers));
  const answer = await world.request(PIPELINE, false, by);
  if (answer.kind !== 'started') throw new Error(`The bake is ${answer.kind}.`);
  const [machine] = listMachines(stage);
  if (given.begins === 'new' || machine === undefined) return;
  const advance = () => advanceMachine(stage, machine, stage.ports);
  await advance();
  await advance();
  if (given.begins === 'asked') return;
  const voters = given.approvers.filter((person) => person !== given.requestedBy.person);
  const count = given.begins === 'approved' ? given.quorum : given.quorum - 1;
  if (voters.length < count) return;
  for (const approver of voters.slice(0, count))
    await castVote(stage.ports, {
      approval: machine.approval,
      approver,
      answer: 'approve',
      via: 'link',
      comment: '',
    });
  // One vote is missing when the approvers change.
  if (given.begins === 'asked-again') await world.apply(toFixture(APPROVERS), 'tests');
  await completeTask(stage.ports, waitId('approval', machine.approval));
  await advance();
  await advance();
}

function toFixture(approvers: readonly string[]): PipelineFixture {
  const approval = { required: true, approvers: toApprovers(approvers), expiresAfter: '1d' };
  return { name: PIPELINE, base: BASE_PARAMETER, more: { approval } };
}

const WRAPPED = [
  'table',
  'documents',
  'notifier',
  'mac',
  'tokens',
  'wakeQueue',
  'reconcileQueue',
  'hintQueue',
  'publisher',
  'workflows',
  'resolver',
] as const;

function wrapAll(ports: StagePorts, around: CallWrapper): StagePorts {
  return { ...ports, ...Object.fromEntries(WRAPPED.map((name) => [name, wrapPort(ports[name], around)])) };
}

async function runTask(stage: Stage, task: Task, ports: StagePorts, isAlone: boolean): Promise<void> {
  const { world, random } = stage;
  switch (task.kind) {
    case 'vote':
      await vote(stage, task, ports, isAlone);
      return;
    case 'machine': {
      const machines = listMachines(stage);
      const machine = machines[task.which % Math.max(1, machines.length)];
      if (machine !== undefined) await advanceMachine(stage, machine, ports);
      return;
    }
    case 'stream':
      await readStream(stage, ports);
      return;
    case 'wake':
      await readWakeQueue(stage, ports);
      return;
    case 'sweep':
      await succeeds(() => world.sweep(ports));
      return;
    case 'plan':
      await succeeds(() => world.handleNextMessage(ports));
      return;
    case 'time':
      world.clock.forward(findSeconds(stage, task.seconds));
      return;
    case 'newer':
      stage.base += 1;
      world.parameters.set(BASE_PARAMETER, ami(stage.base));
      world.hints.push({ topics: [`ssm:${HOME.region}:${BASE_PARAMETER}`] });
      await succeeds(() => world.handleNextMessage(ports));
      return;
    case 'revise': {
      const definition = toDefinition(toFixture(task.approvers));
      await succeeds(() => applyDefinition(ports, { definition, by: toVoter(task.by).approver }));
      return;
    }
    case 'cancel': {
      const bake = world.running()[0];
      if (bake !== undefined) await succeeds(() => cancelBake(ports, { bake: bake.id, by: 'ops' }));
      return;
    }
    case 'fail': {
      const machine = listMachines(stage).find(({ state }) => state === 'distribute');
      if (machine === undefined) return;
      machine.error = { name: 'DistributionFailed', cause: 'A copy failed.' };
      machine.state = 'fail';
      await advanceMachine(stage, machine, ports);
      return;
    }
    case 'end':
      await endStopped(stage, ports);
      return;
    case 'retry': {
      const bakes = world.bakes();
      const bake = bakes[bakes.length - 1 - random.below(Math.min(2, bakes.length))];
      if (bake !== undefined)
        await succeeds(() =>
          retryBake(ports, { bake: bake.id, by: toVoter(task.by).approver, force: false }),
        );
      return;
    }
  }
}

async function vote(
  stage: Stage,
  task: Extract<Task, { kind: 'vote' }>,
  ports: StagePorts,
  isAlone: boolean,
): Promise<void> {
  const { judge } = stage;
  const requests = stage
    .listRequests()
    .sort((a, b) => (String(a.requestedAt) < String(b.requestedAt) ? 1 : -1));
  const id = requests[task.which % Math.max(1, requests.length)]?.id;
  const approval = typeof id === 'string' ? id : 'f'.repeat(32);
  const { answer, hasComment } = task;
  const given = { approval, answer, ...toVoter(task.by) };
  const expected = judge.expectAnswer({ ...given, hasComment });
  const comment = hasComment ? 'because' : ' ';
  try {
    const { state } = await castVote(ports, { ...given, comment });
    if (isAlone) judge.seeAnswer({ ...given, hasComment }, expected, state);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (!REFUSALS.has(error.name)) throw error;
    if (isAlone) judge.seeAnswer({ ...given, hasComment }, expected, error.name);
  }
}

const REFUSALS = new Set([
  'ApprovalNotFound',
  'Crash',
  'DecisionConflict',
  'InvalidRequest',
  'NotAnApprover',
  'SelfApprovalRefused',
  'TryLater',
]);

/** Takes a message from a list: any of them, some twice, some never. */
function take<Message>({ random, given }: Stage, messages: Message[]): Message | undefined {
  const index = random.below(messages.length);
  const message = messages[index];
  if (message === undefined) return undefined;
  if (!random.inPercent(given.doubled)) messages.splice(index, 1);
  return random.inPercent(given.lost) ? undefined : message;
}

async function readStream(stage: Stage, ports: StagePorts): Promise<void> {
  const id = take(stage, stage.stream);
  if (id !== undefined) await succeeds(() => completeTask(ports, id));
}

async function readWakeQueue(stage: Stage, ports: StagePorts): Promise<void> {
  const message = take(stage, stage.ports.wakeQueue.messages);
  if (message === undefined) return;
  const { wait, round } = message;
  await succeeds(() => handleWake(ports, { wait, round }));
}

/** Times around the end of the newest request. */
function findSeconds(stage: Stage, given: Extract<Task, { kind: 'time' }>['seconds']): number {
  if (typeof given === 'number') return given;
  const ends = stage.listRequests().map(({ expiresAt }) => Date.parse(String(expiresAt)));
  const left = (Math.max(0, ...ends) - stage.world.clock.now().getTime()) / 1000;
  return Math.max(0, left + { before: -1, at: 0, after: 1 }[given]);
}

/** What finalize-bakes does for executions that were stopped. */
async function endStopped(stage: Stage, ports: StagePorts): Promise<void> {
  const stopped = listMachines(stage).filter((machine) => isStopped(stage, machine));
  for (const machine of stopped)
    for (let n = 0; n <= machine.tokens; n += 1)
      stage.ports.tokens.close(`${machine.bake}/${machine.attempt}/${n}`);
  const isDone = await succeeds(async () => {
    for (const machine of stopped) await voidApprovals(ports, machine);
    await stage.world.endStopped(ports);
  });
  if (isDone) for (const machine of stopped) machine.state = 'ended';
}

const MAX_ROUNDS = 60;

/** Nothing is lost any more and no person acts: every request runs out, every machine ends. */
async function comeToRest(stage: Stage): Promise<void> {
  const { world, ports, machines } = stage;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    for (let step = 0; step < 4; step += 1) await succeeds(() => world.handleNextMessage(ports));
    await succeeds(() => world.sweep(ports));
    for (const { wait, round: looks } of ports.wakeQueue.messages.splice(0))
      await handleWake(ports, { wait, round: looks });
    for (const id of stage.stream.splice(0)) await completeTask(ports, id);
    await endStopped(stage, ports);
    for (const machine of listMachines(stage)) {
      await advanceMachine(stage, machine, ports);
      if (machine.state === 'distribute' && !isStopped(stage, machine)) await release(stage, machine);
    }
    // The last clean-up of each attempt.
    for (const { bake, attempt, state } of machines.values())
      if (
        state === 'ended' &&
        world.running().every(({ id, attempt: last }) => id !== bake || last !== attempt)
      )
        await voidApprovals(ports, { bake, attempt });
    const isWaiting = [...world.table.items()].some(
      ({ pk, state }) => pk.startsWith('WAIT#') && state !== 'delivered',
    );
    if (world.running().length === 0 && !isWaiting && round > 2) return;
    world.clock.forward(round % 2 === 0 ? 61 : 13 * HOUR);
  }
  stage.judge.broken.push(
    `machines end: ${world
      .running()
      .map(({ id, state }) => `${id} is ${state}`)
      .join(', ')}`,
  );
}

async function release(stage: Stage, machine: Machine): Promise<void> {
  await succeeds(async () => {
    await endIfRefused(machine, () => stage.world.release(machine.bake));
    if (machine.state === 'distribute') machine.state = 'ended';
  });
}
