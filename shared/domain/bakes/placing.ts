/** What follows when there is no room for an instance: the next placement, then a pause, and an end after hours. */
import { NoCapacity } from '../base/errors.ts';
import type { Placing } from '../records/placing.ts';

/** Between rounds through all placements. */
export const PAUSE_SECONDS = 600;
/** From the first shortage to the end of the bake, as long as other things that time mends are tried again. */
export const LONGEST_SHORTAGE_SECONDS = 6 * 3600;

/** There is no room: in this zone, of this type, or in this subnet. */
export interface Shortage {
  readonly reason: string;
  /** Time does not mend it: EC2 does not have the type there. */
  readonly isLasting: boolean;
}

/** Throws NoCapacity when all placements were tried long enough, or when none of them can ever have room. */
export function moveOn(
  before: Placing | undefined,
  shortage: Shortage,
  { placements, now }: { readonly placements: number; readonly now: Date },
): Placing {
  const index = (before?.index ?? 0) + 1;
  const since = before?.since ?? now.toISOString();
  const mayHelp = (before?.mayHelp ?? false) || !shortage.isLasting;
  const moved = { index, since, reason: shortage.reason, mayHelp };
  if (index % placements !== 0) return moved;

  const tried = placements === 1 ? 'the one placement that there is' : `any of ${placements} placements`;
  if (!mayHelp)
    throw new NoCapacity(
      `An instance cannot run at ${tried}: ${shortage.reason}. Name another type or subnet.`,
    );
  if (now.getTime() - Date.parse(since) >= LONGEST_SHORTAGE_SECONDS * 1000)
    throw new NoCapacity(
      `There was no room for an instance at ${tried} since ${since}: ${shortage.reason}. Name further subnets in other zones, or further instance types.`,
    );
  const lookAgainAt = new Date(now.getTime() + PAUSE_SECONDS * 1000).toISOString();
  return { ...moved, mayHelp: false, lookAgainAt };
}

export interface Pause {
  readonly resource: string;
  readonly lookAgainAt: string;
  readonly timeoutSeconds: number;
}

/** What the machine waits with; undefined when the next placement may be tried now. */
export function findPause(placing: Placing | undefined, resource: string, now: Date): Pause | undefined {
  const lookAgainAt = placing?.lookAgainAt;
  if (lookAgainAt === undefined || lookAgainAt <= now.toISOString()) return undefined;
  const seconds = Math.ceil((Date.parse(lookAgainAt) - now.getTime()) / 1000);
  return { resource, lookAgainAt, timeoutSeconds: Math.max(60, seconds) };
}

/** For people, while it goes on. */
export function describeShortage(what: string, { reason, since, lookAgainAt }: Placing): string {
  const next = lookAgainAt === undefined ? 'The next placement is tried' : `Tried again at ${lookAgainAt}`;
  return `No room for ${what} since ${since}: ${reason}. ${next}.`;
}
