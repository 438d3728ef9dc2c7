/** Which wait a message of the wake queue speaks of, and when a wait is checked again. */
import * as z from 'zod';
import { waitId } from '../base/naming.ts';
import { WAIT_KINDS } from './registry.ts';
import type { WaitKind } from './wait.ts';

/** A message of our own: check this wait again. `round` counts the checks that found nothing. */
const WakeMessageSchema = z.strictObject({ wait: z.string(), round: z.number().int().nonnegative() });

export type Wake =
  | { readonly wait: string; readonly round?: number }
  /** A row under the image's id leads to the wait. */
  | { readonly imageId: string };

/** The wait that a message names; undefined for what no kind of wait knows. */
export function parseWake(body: unknown): Wake | undefined {
  const own = WakeMessageSchema.safeParse(body);
  if (own.success) return own.data;
  const kinds: readonly WaitKind[] = WAIT_KINDS;
  for (const kind of kinds) {
    const hint = kind.wakesOn?.(body);
    if (hint !== undefined) return 'imageId' in hint ? hint : { wait: waitId(kind.name, hint.resource) };
  }
  return undefined;
}

/** Seconds until the sweep checks a wait, whatever its kind: events are best effort. */
export const SWEEP_SECONDS = 60;
const CHECK_DELAYS_SECONDS = [2, 3, 5, 8, 13, 21, 34] as const;

/** Seconds until the next check of a resource that sends no event; as seldom as the sweep in the end. */
export function secondsUntilCheck(round: number): number {
  return CHECK_DELAYS_SECONDS[round] ?? SWEEP_SECONDS;
}

/** The round of a check by the sweep. Delayed messages would come as seldom from here on, so `handleWake` sends none after it. */
export const SWEEP_ROUND = CHECK_DELAYS_SECONDS.length;
