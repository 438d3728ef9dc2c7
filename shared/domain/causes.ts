/** Which changes a bake takes up: those that make what is wanted differ from what is current. Pure. */
import type { Situation } from './planning.ts';
import type { ChangeRecord } from './records.ts';
import { isSame } from './wish.ts';
import { describeMove, describeVersion } from './wording.ts';

const MOVES_NAMED = 3;

type Given = Pick<Situation, 'seen' | 'wish' | 'changes'>;

/** Keys of what differs between what is wanted and what is current: selector keys, and words for what is no selector. */
export function differences({
  seen,
  wish,
}: Pick<Situation, 'seen' | 'wish'>): ReadonlySet<string> | undefined {
  const current = seen.channel?.ingredients;
  if (!wish.known || current === undefined || seen.channel === undefined) return undefined;
  const { ingredients, proof } = wish.wanted;
  const keys = Object.entries(ingredients.versions).filter(
    ([key, version]) => current.versions[key] !== version,
  );
  const found = new Set(keys.map(([key]) => key));
  if (current.recipe !== ingredients.recipe || seen.channel.proof !== proof) found.add('definition');
  if (Object.keys(current.versions).some((key) => !(key in ingredients.versions))) found.add('definition');
  if (current.salt !== ingredients.salt) found.add('request');
  if (current.tick !== ingredients.tick) found.add('schedule');
  for (const [name, version] of Object.entries(ingredients.floors ?? {}))
    if (current.floors?.[name] !== version) found.add(`finding:${name}`);
  return found;
}

/**
 * The changes to name. Where something was released before, only those that make the difference: each of them alone would have started the
 * bake, and without any of them it would not be. A person's request is always named.
 */
export function causesNamed(given: Given): ChangeRecord[] {
  const { seen, wish, changes } = given;
  const differing = differences(given);
  const pending = new Set(seen.planning.changes);
  const own = changes.filter((change) => pending.has(change.id));
  if (differing === undefined || !wish.known) return own;
  const { versions } = wish.wanted.ingredients;
  const current = seen.channel?.ingredients?.versions ?? {};
  const floors = Object.entries(seen.planning.floors).filter(([name]) => differing.has(`finding:${name}`));
  const named = changes.filter((change) => {
    const { selector, id, to } = change;
    if (selector.startsWith('request:')) return pending.has(id);
    if (selector.startsWith('definition:')) return pending.has(id);
    if (selector.startsWith('schedule:')) return differing.has('schedule') && pending.has(id);
    if (selector.startsWith('finding:')) return floors.some(([, floor]) => floor.change === id);
    return differing.has(selector) && to !== current[selector] && selector in versions;
  });
  return named.length > 0 ? named : own;
}

/** One sentence for people. */
export function reasonToStart({ seen, changes, wish, fingerprint }: Situation): string {
  const { request } = seen.planning;
  const moves = causesNamed({ seen, wish, changes }).filter(
    (change) => !change.selector.startsWith('request:'),
  );
  const named = moves.slice(-MOVES_NAMED).map((change) => sayMove(change));
  const more = moves.length - named.length;
  const what = [...named, ...(more > 0 ? [`${more} more`] : [])].join('; ');
  if (request !== undefined) {
    const asked = `${request.by} asked for it${request.force ? ' by force' : ''}`;
    return what === '' ? `${asked}.` : `${asked}; ${what}.`;
  }
  const again = wish.known && isSame(fingerprint, wish.wanted) && (fingerprint?.failures ?? 0) > 0;
  const tried = again ? ` (try ${(fingerprint?.failures ?? 0) + 1})` : '';
  if (what !== '') return `${what}${tried}.`;
  return seen.channel === undefined ? `First bake${tried}.` : `Its versions moved${tried}.`;
}

function sayMove(change: ChangeRecord): string {
  if (change.selector.startsWith('definition:'))
    return `its definition is now revision ${describeVersion(change.to)}`;
  return describeMove(change);
}
