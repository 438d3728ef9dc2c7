/** Takes a message of the wake queue. The event is a hint: the resource of its wait is read again; an event of any other resource is dropped. */

import * as z from 'zod';
import { keys } from '../../domain/base/naming.ts';
import { parseWake, SWEEP_SECONDS, secondsUntilCheck, type Wake } from '../../domain/waits/wake.ts';
import type { Ports } from '../../ports/ports.ts';
import { readRecord } from '../store/read.ts';
import { type CheckWaitDeps, checkWait } from './check-wait.ts';

export type HandleWakeDeps = CheckWaitDeps & Pick<Ports, 'wakeQueue'>;

const ImageWaitSchema = z.object({ wait: z.string() });

/** What came of the message, for the log. */
export async function handleWake(
  deps: HandleWakeDeps,
  body: unknown,
): Promise<'decided' | 'pending' | 'delivered' | 'no-wait' | 'not-ours'> {
  const wake = parseWake(body);
  if (wake === undefined) return 'not-ours';
  const wait = await findWaitId(deps, wake);
  if (wait === undefined) return 'no-wait';
  const state = await checkWait(deps, wait);
  // Delayed messages go on by themselves until they would come as seldom as the sweep; events come in their own time.
  const round = 'wait' in wake ? wake.round : undefined;
  if (state === 'pending' && round !== undefined && secondsUntilCheck(round) < SWEEP_SECONDS) {
    await deps.wakeQueue.send({ wait, round: round + 1 }, secondsUntilCheck(round));
  }
  return state ?? 'no-wait';
}

async function findWaitId(deps: HandleWakeDeps, wake: Wake): Promise<string | undefined> {
  if ('wait' in wake) return wake.wait;
  return (await readRecord(deps.table, keys.imageWait(wake.imageId), ImageWaitSchema))?.wait;
}
