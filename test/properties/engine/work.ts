/** Messages are taken and handled: some at once, in any order, some twice, some never, by processes that may die. */
import { handleHint } from '../../../shared/use-cases/detect/handle-hint.ts';
import { confirmWave } from '../../../shared/use-cases/reconcile/confirm-wave.ts';
import { reconcileIfExists } from '../../../shared/use-cases/reconcile/reconcile-pipeline.ts';
import type { CrashPoint } from '../../support/crashing.ts';
import type { ReconcileWorld } from '../../support/reconcile-world.ts';
import { type CallWrapper, crashAtCall, interleaveCalls, succeeds, wrapPorts } from './handlers.ts';
import type { Stage } from './stage.ts';
import type { Task } from './world.ts';

type Ports = ReconcileWorld['ports'];
type Message =
  | { readonly kind: 'hint'; readonly body: object }
  | { readonly kind: 'plan'; readonly plan: { pipeline: string; at: number } };

/** Messages that have been doubled already: each comes twice at most. */
const duplicates = new WeakSet<object>();
/** Events of AWS, which may be lost for ever; what we send to ourselves stands in queues. */
const awsEvents = new WeakSet<object>();

export function sendEvent({ world }: Stage, topic: string): void {
  const event = { topics: [topic] };
  awsEvents.add(event);
  world.hints.push(event);
}

/** The next message, or one that stands behind it. */
function takeMessage(stage: Stage, queues: readonly Message['kind'][]): Message | undefined {
  const { world, random, faults } = stage;
  const { hints, reconcileRequests } = world;
  const now = world.clock.now().getTime();
  const ready = reconcileRequests.filter(({ at }) => at <= now);
  const isHint = queues.includes('hint') && hints.length > 0;
  const isPlan = queues.includes('plan') && ready.length > 0;
  if (!isHint && !isPlan) return undefined;
  const isLate = random.inPercent(faults.late);
  if (isHint && (!isPlan || !isLate || random.below(2) === 0)) {
    const [body] = hints.splice(isLate ? random.below(hints.length) : 0, 1);
    return { kind: 'hint', body: body as object };
  }
  const plan = ready[isLate ? random.below(ready.length) : 0];
  if (plan === undefined) return undefined;
  reconcileRequests.splice(reconcileRequests.indexOf(plan), 1);
  return { kind: 'plan', plan };
}

function isLost({ random, faults, losesQueueMessages: losesAll }: Stage, message: Message): boolean {
  if (message.kind === 'plan') return losesAll && random.inPercent(faults.lost);
  const isEvent = awsEvents.has(message.body) || 'source' in message.body;
  return (isEvent || losesAll) && random.inPercent(faults.lost);
}

function putBack({ world }: Stage, message: Message): void {
  if (message.kind === 'hint') world.hints.push(message.body);
  else world.reconcileRequests.push(message.plan);
}

function maybeDuplicate(stage: Stage, message: Message): void {
  const body = message.kind === 'hint' ? message.body : message.plan;
  if (duplicates.has(body) || !stage.random.inPercent(stage.faults.doubled)) return;
  const copy = { ...body };
  duplicates.add(copy);
  if (awsEvents.has(body)) awsEvents.add(copy);
  putBack(
    stage,
    message.kind === 'hint'
      ? { kind: 'hint', body: copy }
      : { kind: 'plan', plan: copy as typeof message.plan },
  );
}

async function handleMessage(ports: Ports, message: Message): Promise<void> {
  if (message.kind === 'plan') await reconcileIfExists(ports, message.plan.pipeline);
  else await handleHint(ports, message.body);
}

/** One message from its queue to its end; a failed one is left to the next. Answers whether there was one. */
export async function handleNextMessage(
  stage: Stage,
  queues: readonly Message['kind'][] = ['hint', 'plan'],
  ports: Ports = stage.handlerPorts(),
): Promise<boolean> {
  const message = takeMessage(stage, queues);
  if (message === undefined) return false;
  if (isLost(stage, message)) return true;
  maybeDuplicate(stage, message);
  if (!(await succeeds(() => handleMessage(ports, message)))) putBack(stage, message);
  if (stage.confirmsWaves) await confirmWaves(stage);
  return true;
}

/** Confirms every wave that waits. */
export async function confirmWaves({ world }: Stage): Promise<void> {
  for (const { id, wave } of world.changes())
    if (wave !== undefined && wave.confirmed === undefined)
      await confirmWave(world.ports, { change: id, by: 'anna' });
}

/** Rule 8: what a pipeline may lead to at one time, those included that it waits for or holds. */
const MAX_MESSAGES_PER_PIPELINE = 120;

/** Until no message is left that is due. */
export async function drain(stage: Stage, queues?: readonly Message['kind'][]): Promise<void> {
  const most = MAX_MESSAGES_PER_PIPELINE * (stage.entries.length + 5);
  for (let count = 0; count < most; count += 1) {
    if (queues === undefined) await publishEvents(stage);
    if (!(await handleNextMessage(stage, queues))) return;
  }
  stage.broken.push('8: messages lead to messages without end');
}

/** What the stream of the table would do. */
export async function publishEvents(
  { world, handlerPorts: process }: Stage,
  ports: Ports = process(),
): Promise<void> {
  await succeeds(() => world.publish(ports));
}

/** Several processes at once; the first may die at any call. */
export async function runConcurrently(
  stage: Stage,
  tasks: readonly Task[],
  crash: CrashPoint | null,
): Promise<void> {
  const { world } = stage;
  const runs = tasks.map((task, index) => async (around: CallWrapper) => {
    const death = index === 0 && crash !== null ? crashAtCall(crash) : undefined;
    const dying: CallWrapper = death?.around ?? ((make) => make());
    const ports = wrapPorts(world.ports, (make, name) => around(() => dying(make, name), name));
    await runTask(stage, task, ports);
  });
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) await only((make) => make());
  else await interleaveCalls(runs, stage.random);
}

async function runTask(stage: Stage, task: Task, ports: Ports): Promise<void> {
  const { world, random, entries } = stage;
  const going = world.running().filter(({ id }) => world.hasStarted(id));
  const bake = going[random.below(going.length)];
  switch (task) {
    case 'message':
      await handleNextMessage(stage, undefined, ports);
      return;
    case 'sweep':
      await succeeds(() => world.sweep(ports));
      return;
    case 'reconcile':
      await succeeds(() => world.resync(ports));
      return;
    case 'publish':
      await publishEvents(stage, ports);
      return;
    case 'stopped':
      await succeeds(() => world.endStopped(ports));
      return;
    case 'release':
      if (bake !== undefined) await succeeds(() => world.release(bake.id, ports));
      return;
    case 'request': {
      const entry = entries[random.below(entries.length)];
      if (entry !== undefined)
        await succeeds(() => world.request(entry.name, random.below(2) === 0, 'anna', ports));
      return;
    }
  }
}
