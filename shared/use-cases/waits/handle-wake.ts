/** Something happened that somebody may wait for. The event is a hint: the resource is read again, and what is none of ours is let go. */
import * as z from 'zod';
import {
  parseWake,
  SWEEP_SECONDS,
  secondsUntilCheck,
  toImageWaitKey,
  type Wake,
} from '../../domain/bakes/waits.ts';
import type { WakeQueue } from '../../ports/wake-queue.ts';
import { type CheckWaitDeps, checkWait } from './check-wait.ts';

export interface HandleWakeDeps extends CheckWaitDeps {
  readonly wakeQueue: WakeQueue;
}

const ImageWaitSchema = z.object({ wait: z.string() });

/** Takes one message of the wake queue. Answers what came of it, for the log. */
export async function handleWake(
  deps: HandleWakeDeps,
  body: unknown,
): Promise<'decided' | 'pending' | 'delivered' | 'nobody-waits' | 'not-ours'> {
  const wake = parseWake(body);
  if (wake === undefined) return 'not-ours';
  const wait = await findWaitId(deps, wake);
  if (wait === undefined) return 'nobody-waits';
  const state = await checkWait(deps, wait);
  // Only the chain of delayed messages goes on by itself; events come in their own time, the sweep looks once a minute.
  const round = wake.kind === 'wait' ? wake.round : undefined;
  if (state === 'pending' && round !== undefined && secondsUntilCheck(round) < SWEEP_SECONDS) {
    await deps.wakeQueue.send({ wait, round: round + 1 }, secondsUntilCheck(round));
  }
  return state ?? 'nobody-waits';
}

async function findWaitId(deps: HandleWakeDeps, wake: Wake): Promise<string | undefined> {
  if (wake.kind === 'wait') return wake.wait;
  const item = await deps.table.get(toImageWaitKey(wake.imageId));
  return item === undefined ? undefined : ImageWaitSchema.parse(item).wait;
}
