/** Messages are taken and handled: some at once, in any order, some twice, some never, by processes that may die. */
import { noticeHint } from '../../../shared/use-cases/noticing/notice-hint.ts';
import { confirmWave } from '../../../shared/use-cases/planning/confirm-wave.ts';
import { planIfThere } from '../../../shared/use-cases/planning/plan-pipeline.ts';
import type { CrashPoint } from '../../support/crashing.ts';
import type { PlanningWorld } from '../../support/planning-world.ts';
import { type Around, dyingAt, interleaved, succeeds, withCalls } from './handlers.ts';
import type { Stage } from './stage.ts';
import type { Task } from './world.ts';

type Ports = PlanningWorld['ports'];
type Message =
  | { readonly kind: 'hint'; readonly body: object }
  | { readonly kind: 'plan'; readonly plan: { pipeline: string; at: number } };

/** Messages that have been doubled already: each comes twice at most. */
const doubled = new WeakSet<object>();
/** Events of AWS, which may be lost for ever; what we send to ourselves stands in queues. */
const events = new WeakSet<object>();

export function sendEvent({ world }: Stage, topic: string): void {
  const event = { topics: [topic] };
  events.add(event);
  world.hints.push(event);
}

/** The next message, or one that stands behind it. */
function take(stage: Stage, queues: readonly Message['kind'][]): Message | undefined {
  const { world, random, faults } = stage;
  const { hints, plans } = world;
  const now = world.clock.now().getTime();
  const ready = plans.filter(({ at }) => at <= now);
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
  plans.splice(plans.indexOf(plan), 1);
  return { kind: 'plan', plan };
}

function isLost({ random, faults, losesAll }: Stage, message: Message): boolean {
  if (message.kind === 'plan') return losesAll && random.inPercent(faults.lost);
  const isEvent = events.has(message.body) || 'source' in message.body;
  return (isEvent || losesAll) && random.inPercent(faults.lost);
}

function putBack({ world }: Stage, message: Message): void {
  if (message.kind === 'hint') world.hints.push(message.body);
  else world.plans.push(message.plan);
}

function maybeDouble(stage: Stage, message: Message): void {
  const body = message.kind === 'hint' ? message.body : message.plan;
  if (doubled.has(body) || !stage.random.inPercent(stage.faults.doubled)) return;
  const copy = { ...body };
  doubled.add(copy);
  if (events.has(body)) events.add(copy);
  putBack(
    stage,
    message.kind === 'hint'
      ? { kind: 'hint', body: copy }
      : { kind: 'plan', plan: copy as typeof message.plan },
  );
}

async function handle(ports: Ports, message: Message): Promise<void> {
  if (message.kind === 'plan') await planIfThere(ports, message.plan.pipeline);
  else await noticeHint(ports, message.body);
}

/** One message from its queue to its end; whoever fails leaves it to the next. Answers whether there was one. */
export async function workOnce(
  stage: Stage,
  queues: readonly Message['kind'][] = ['hint', 'plan'],
  ports: Ports = stage.process(),
): Promise<boolean> {
  const message = take(stage, queues);
  if (message === undefined) return false;
  if (isLost(stage, message)) return true;
  maybeDouble(stage, message);
  if (!(await succeeds(() => handle(ports, message)))) putBack(stage, message);
  if (stage.confirmsAtOnce) await confirmWaves(stage);
  return true;
}

/** Everybody who waits for a person's word gets it. */
export async function confirmWaves({ world }: Stage): Promise<void> {
  for (const { id, wave } of world.changes())
    if (wave !== undefined && wave.confirmed === undefined)
      await confirmWave(world.ports, { change: id, by: 'anna' });
}

/** Rule 8: what a pipeline may lead to at one time, those included that it waits for or holds. */
const MOST_MESSAGES_EACH = 120;

/** Until no message is left that is due. */
export async function drain(stage: Stage, queues?: readonly Message['kind'][]): Promise<void> {
  const most = MOST_MESSAGES_EACH * (stage.entries.length + 5);
  for (let count = 0; count < most; count += 1) {
    if (queues === undefined) await publish(stage);
    if (!(await workOnce(stage, queues))) return;
  }
  stage.broken.push('8: messages lead to messages without end');
}

/** What the stream of the table would do. */
export async function publish({ world, process }: Stage, ports: Ports = process()): Promise<void> {
  await succeeds(() => world.publish(ports));
}

/** Several processes at once; the first may die at any call. */
export async function together(
  stage: Stage,
  tasks: readonly Task[],
  crash: CrashPoint | null,
): Promise<void> {
  const { world } = stage;
  const runs = tasks.map((task, index) => async (around: Around) => {
    const death = index === 0 && crash !== null ? dyingAt(crash) : undefined;
    const dying: Around = death?.around ?? ((make) => make());
    const ports = withCalls(world.ports, (make, name) => around(() => dying(make, name), name));
    await doTask(stage, task, ports);
  });
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) await only((make) => make());
  else await interleaved(runs, stage.random);
}

async function doTask(stage: Stage, task: Task, ports: Ports): Promise<void> {
  const { world, random, entries } = stage;
  const going = world.running().filter(({ id }) => world.hasStarted(id));
  const bake = going[random.below(going.length)];
  switch (task) {
    case 'message':
      await workOnce(stage, undefined, ports);
      return;
    case 'sweep':
      await succeeds(() => world.sweep(ports));
      return;
    case 'reconcile':
      await succeeds(() => world.reconcile(ports));
      return;
    case 'publish':
      await publish(stage, ports);
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
