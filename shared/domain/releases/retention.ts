/**
 * Which releases end, and what is done about one of them now. Pure: the caller reads who uses what. A release is kept as a whole, so that it can be
 * pointed to again, or goes as a whole.
 */
import type { RetentionPolicy } from '../definitions/definition.ts';
import { isGoing, type ReleaseRecord } from '../records/releases.ts';
import type { Usage } from './references/reference.ts';
import { REFERENCES } from './references/registry.ts';

const DAY_MS = 86_400_000;
/** Between mark and removal a person can take the mark back, over a weekend day too. */
const MARKED_MS = 2 * DAY_MS;
const MINUTE_MS = 60_000;

/** Releases of one pipeline that are neither among the newest of their channel nor young enough. */
export function listSuperfluous(
  releases: readonly ReleaseRecord[],
  { keep, days }: RetentionPolicy,
  now: Date,
): ReleaseRecord[] {
  const since = computeRecent(days, now);
  const byChannel = Map.groupBy(
    releases.filter((release) => !isGoing(release)),
    ({ channel }) => channel,
  );
  return [...byChannel.values()].flatMap((own) =>
    own
      .toSorted((a, b) => (a.at === b.at ? b.id.localeCompare(a.id) : b.at.localeCompare(a.at)))
      .slice(keep)
      .filter(({ at }) => at <= since),
  );
}

/** What is younger than the days of a policy came after this time. */
export function computeRecent(days: number, now: Date): string {
  return new Date(now.getTime() - days * DAY_MS).toISOString();
}

export interface Reference {
  /** A sentence for people. */
  readonly text: string;
  readonly isDoubt: boolean;
}

/** Each use that keeps the release. */
export function findReferences(release: ReleaseRecord, usage: Usage): Reference[] {
  return REFERENCES.flatMap((kind) =>
    kind.find(release, usage).map((text) => ({ text, isDoubt: kind.isDoubt === true })),
  );
}

export type RetentionStep =
  | { readonly kind: 'none' }
  /** From now on it is marked; `removeAt`: to the minute, as EC2 keeps the dates of images. */
  | { readonly kind: 'mark'; readonly removeAt: string }
  /** The images do not say yet that they will go. */
  | { readonly kind: 'announce' }
  /** The mark is taken back. */
  | { readonly kind: 'undo' }
  /** The images still say that they will go. */
  | { readonly kind: 'restore' }
  | { readonly kind: 'begin-removal' }
  | { readonly kind: 'remove' };

/** `references`: what keeps it; `superfluous`: the definition does not. */
export function decideStep(
  release: ReleaseRecord,
  given: { readonly superfluous: boolean; readonly references: readonly Reference[]; readonly now: Date },
): RetentionStep {
  const goes = given.superfluous && given.references.length === 0;
  switch (release.cleanUp) {
    case 'removed':
      return { kind: 'none' };
    case 'removing':
      return { kind: 'remove' };
    case 'undone':
      return { kind: 'restore' };
    case 'marked':
    case 'announced':
      if (!given.superfluous || given.references.some(({ isDoubt }) => !isDoubt)) return { kind: 'undo' };
      if (!goes) return { kind: 'none' };
      if ((release.removeAt ?? '') <= given.now.toISOString()) return { kind: 'begin-removal' };
      return { kind: release.cleanUp === 'marked' ? 'announce' : 'none' };
    default: {
      const at = Math.ceil((given.now.getTime() + MARKED_MS) / MINUTE_MS) * MINUTE_MS;
      return goes ? { kind: 'mark', removeAt: new Date(at).toISOString() } : { kind: 'none' };
    }
  }
}
