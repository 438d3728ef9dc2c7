/**
 * A value that moves to and fro. The first return of a selector to a version that it has left is news like any other; the second within an hour
 * counts when the value has stood still for a while, so that two writers who disagree do not bake everything again every minute.
 */

/** A version that a selector has left. `back`: it went back to one that it had left before. */
export interface Left {
  readonly version: string;
  readonly at: string;
  readonly back: boolean;
}

/** What a selector means now, as far as it stands still until then. */
export interface Unsettled {
  readonly version: string;
  readonly until: string;
}

export const FLAP_WINDOW_SECONDS = 3600;
export const STAND_STILL_SECONDS = 900;
/** So many are remembered; more than these in an hour are no news any more. */
const MOST_LEFT = 12;

interface Row {
  readonly version?: string | undefined;
  readonly left?: readonly Left[] | undefined;
  readonly unsettled?: Unsettled | undefined;
}

export type Flap =
  /** It moves; `left` is what the row remembers then. */
  | { readonly kind: 'move'; readonly left: readonly Left[] }
  | { readonly kind: 'wait'; readonly unsettled: Unsettled; readonly reason: string };

export function flapOf(row: Row, to: string, now: Date): Flap {
  const recent = recentlyLeft(row, now);
  const isBack = recent.some(({ version }) => version === to);
  const returns = recent.filter(({ back }) => back).length;
  const hasStood = row.unsettled?.version === to && row.unsettled.until <= now.toISOString();
  if (!isBack || returns === 0 || hasStood) return { kind: 'move', left: leaving(row, recent, isBack, now) };
  const until = new Date(now.getTime() + STAND_STILL_SECONDS * 1000).toISOString();
  const unsettled = row.unsettled?.version === to ? row.unsettled : { version: to, until };
  return {
    kind: 'wait',
    unsettled,
    reason: `It has gone to and fro ${returns + 1} times within an hour; ${to} counts if it still stands at ${unsettled.until}.`,
  };
}

function recentlyLeft({ left = [] }: Row, now: Date): readonly Left[] {
  const since = new Date(now.getTime() - FLAP_WINDOW_SECONDS * 1000).toISOString();
  return left.filter(({ at }) => at > since);
}

function leaving(row: Row, recent: readonly Left[], back: boolean, now: Date): readonly Left[] {
  if (row.version === undefined) return [];
  return [...recent, { version: row.version, at: now.toISOString(), back }].slice(-MOST_LEFT);
}
