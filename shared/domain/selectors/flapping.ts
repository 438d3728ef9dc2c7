/**
 * A version that flaps. The first return to a version that the selector has left is a change like any other; the second within an hour counts
 * once the version has stood still for a while, so that two writers that disagree do not cause a bake every minute.
 */

/** A version that a selector has left. `isReturn`: it went back to one that it had left before. */
export interface LeftVersion {
  readonly version: string;
  readonly at: string;
  readonly isReturn: boolean;
}

/** The version that a flapping selector resolves to now: followed if it is still the same at `until`. */
export interface Unsettled {
  readonly version: string;
  readonly until: string;
}

export const FLAP_WINDOW_SECONDS = 3600;
export const SETTLE_SECONDS = 900;
/** Versions that are remembered; what flaps more often than that within an hour is known to flap. */
const MAX_LEFT_VERSIONS = 12;

interface FlapInput {
  readonly version?: string | undefined;
  readonly leftVersions?: readonly LeftVersion[] | undefined;
  readonly unsettled?: Unsettled | undefined;
}

export type FlapResult =
  /** It is a change; the row remembers `leftVersions` then. */
  | { readonly kind: 'move'; readonly leftVersions: readonly LeftVersion[] }
  | { readonly kind: 'wait'; readonly unsettled: Unsettled; readonly reason: string };

export function detectFlapping(row: FlapInput, to: string, now: Date): FlapResult {
  const recent = listRecentlyLeft(row, now);
  const isBack = recent.some(({ version }) => version === to);
  const returns = recent.filter(({ isReturn: back }) => back).length;
  const hasStood = row.unsettled?.version === to && row.unsettled.until <= now.toISOString();
  if (!isBack || returns === 0 || hasStood)
    return { kind: 'move', leftVersions: addLeftVersion(row, recent, isBack, now) };
  const until = new Date(now.getTime() + SETTLE_SECONDS * 1000).toISOString();
  const unsettled = row.unsettled?.version === to ? row.unsettled : { version: to, until };
  return {
    kind: 'wait',
    unsettled,
    reason: `It has gone to and fro ${returns + 1} times within an hour; ${to} counts if it still stands at ${unsettled.until}.`,
  };
}

function listRecentlyLeft({ leftVersions: left = [] }: FlapInput, now: Date): readonly LeftVersion[] {
  const since = new Date(now.getTime() - FLAP_WINDOW_SECONDS * 1000).toISOString();
  return left.filter(({ at }) => at > since);
}

function addLeftVersion(
  row: FlapInput,
  recent: readonly LeftVersion[],
  isReturn: boolean,
  now: Date,
): readonly LeftVersion[] {
  if (row.version === undefined) return [];
  return [...recent, { version: row.version, at: now.toISOString(), isReturn }].slice(-MAX_LEFT_VERSIONS);
}
