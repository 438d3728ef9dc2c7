/** Processes that serve a world: some at once, some that die between any two calls, with messages that are lost, doubled and late. */
import { Crash, type CrashPoint } from '../../support/crashing.ts';
import type { ReconcileWorld } from '../../support/reconcile-world.ts';
import type { Random } from './random.ts';

type Ports = ReconcileWorld['ports'];
/** What stands around every call of a port. */
export type CallWrapper = (call: () => Promise<unknown>, name: string) => Promise<unknown>;

/** Ports whose calls can be seen from outside; the others answer at once and cannot fail. */
const WRAPPED_PORTS = [
  'table',
  'resolver',
  'reconcileQueue',
  'hintQueue',
  'publisher',
  'notifier',
  'wakeQueue',
  'workflows',
  'images',
] as const satisfies (keyof Ports)[];

export function wrapPorts(ports: Ports, around: CallWrapper): Ports {
  const wrapped = WRAPPED_PORTS.map((name) => [name, wrapPort(ports[name], around)]);
  return { ...ports, ...Object.fromEntries(wrapped) };
}

export function wrapPort<Port extends object>(port: Port, around: CallWrapper): Port {
  return new Proxy(port, {
    get: (target, name, receiver) => {
      const member: unknown = Reflect.get(target, name, receiver);
      // An ARN is made up without a call.
      if (typeof member !== 'function' || name === 'executionArn') return member;
      return (...args: unknown[]) =>
        around(async () => Reflect.apply(member, target, args) as unknown, String(name));
    },
  });
}

/** The process ends at that call: before it is made, or after, when its answer is lost. */
export function crashAtCall({ call, when }: CrashPoint): { around: CallWrapper; calls: () => number } {
  let calls = 0;
  const around: CallWrapper = async (make) => {
    calls += 1;
    if (calls - 1 < call) return make();
    if (calls - 1 > call) throw new Crash(`after call ${call}`);
    if (when === 'after') await make();
    throw new Crash(`${when} call ${call}`);
  };
  return { around, calls: () => calls };
}

/** Lets one call of one process happen at a time, whose turn it is being left to chance. */
export async function interleaveCalls(
  tasks: readonly ((around: CallWrapper) => Promise<void>)[],
  random: Random,
): Promise<void> {
  const waiting: (() => void)[] = [];
  const around: CallWrapper = async (make) => {
    await new Promise<void>((go) => {
      waiting.push(go);
    });
    return make();
  };
  let running = tasks.length;
  const results = Promise.allSettled(
    tasks.map((task) =>
      task(around).finally(() => {
        running -= 1;
      }),
    ),
  );
  while (running > 0) {
    // Work that needs no call goes on first.
    await new Promise((done) => setImmediate(done));
    const [go] = waiting.splice(random.below(waiting.length), 1);
    go?.();
  }
  const failed = (await results).find((result) => result.status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** Errors that end a handler's call as they should: the message comes again, or there is nothing to do any more. */
const EXPECTED_ERRORS = new Set([
  'TryLater',
  'AttemptEnded',
  'ReleaseOutdated',
  'BakeNotCancellable',
  'BakeNotRetryable',
  'PipelineFrozen',
]);

/** Whether the work was done; if not, the message comes again. Anything unexpected is thrown on. */
export async function succeeds(run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (error instanceof Crash) return false;
    if (error instanceof Error && EXPECTED_ERRORS.has(error.name)) return error.name !== 'TryLater';
    throw error;
  }
}
