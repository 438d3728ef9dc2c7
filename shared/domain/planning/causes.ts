/** Which changes a bake takes up: those that make what is wanted differ from what is current. Pure. */

import { otherChange, otherChangeKey } from '../naming.ts';
import type { Ingredients } from '../records/locks.ts';
import type { ChangeRecord } from '../records/selectors.ts';
import { describeMove, describeVersion } from '../telling/wording.ts';
import type { Situation } from './situation.ts';
import { isSame, targetsMissing } from './wish.ts';

const MOVES_NAMED = 3;

type Given = Pick<Situation, 'seen' | 'wish' | 'changes'>;

/**
 * What differs between what is wanted and what is current: selector keys whose version moved, and words for what is no selector. Undefined where
 * nothing was released yet.
 */
export function differences({
  seen,
  wish,
}: Pick<Situation, 'seen' | 'wish'>): ReadonlySet<string> | undefined {
  const current = seen.channel?.ingredients;
  if (!wish.known || current === undefined) return undefined;
  const { ingredients } = wish.wanted;
  const { versions } = ingredients;
  const found = new Set(
    Object.keys(versions).filter((key) => key in current.versions && current.versions[key] !== versions[key]),
  );
  if (isDefinitionNew(current, ingredients) || targetsMissing({ seen, wish }).length > 0)
    found.add('definition');
  if (current.salt !== ingredients.salt) found.add('request');
  if (current.tick !== ingredients.tick) found.add('schedule');
  for (const [name, version] of Object.entries(ingredients.floors ?? {}))
    if (current.floors?.[name] !== version) found.add(otherChangeKey('finding', name));
  return found;
}

/** A dependency that came or went did so by the definition, whatever its version has done since. */
function isDefinitionNew(current: Ingredients, wanted: Ingredients): boolean {
  const names = (ingredients: Ingredients) => Object.keys(ingredients.versions).sort().join('\n');
  return (
    current.recipe !== wanted.recipe ||
    (current.proof ?? wanted.proof) !== wanted.proof ||
    names(current) !== names(wanted)
  );
}

/**
 * The changes to name. Where something was released before, only those that make the difference: each of them alone would have started the
 * bake, and without any of them it would not be. A person's request is always named, unless it is the forced one that the current release has answered.
 */
export function causesNamed(given: Given): ChangeRecord[] {
  const { seen, changes } = given;
  const differing = differences(given);
  const pending = new Set(seen.planning.changes);
  const own = changes.filter((change) => pending.has(change.id));
  if (differing === undefined) return own;
  const current = seen.channel?.ingredients?.versions ?? {};
  const floors = Object.entries(seen.planning.floors).filter(([name]) =>
    differing.has(otherChangeKey('finding', name)),
  );
  const named = changes.filter(({ selector, id, to, finding }) => {
    const other = otherChange(selector);
    if (other === 'request') return pending.has(id) && id !== seen.channel?.ingredients?.salt;
    if (other === 'definition') return pending.has(id) && differing.has('definition');
    // Of several that raised one floor since, each is named, as all moves of one selector are.
    if (other === 'finding')
      return floors.some(
        ([name, floor]) => floor.change === id || (pending.has(id) && finding?.package === name),
      );
    return differing.has(selector) && to !== current[selector];
  });
  // A tick becomes a change when it is taken up.
  return named.length > 0 || differing.has('schedule') ? named : own;
}

/** The first changes of the chains that a change belongs to. */
export function causesOf({ cause, causes }: ChangeRecord): readonly string[] {
  return causes.length > 0 ? causes : [cause];
}

/**
 * First changes that wait for a person, because their wave is too large, of what makes the difference: a change that was taken back since holds
 * nobody, and one whose mark has not come yet does. `known`: rows of changes, by id.
 */
export function unconfirmedOf(given: Given, known: ReadonlyMap<string, ChangeRecord>): ChangeRecord[] {
  const first = new Set(causesNamed(given).flatMap(causesOf));
  return [...first]
    .flatMap((id) => known.get(id) ?? [])
    .filter(({ wave }) => wave !== undefined && wave.confirmed === undefined);
}

/** One sentence for people. */
export function reasonToStart({ seen, changes, wish, fingerprint }: Situation): string {
  const { request } = seen.planning;
  const moves = causesNamed({ seen, wish, changes }).filter(
    (change) => otherChange(change.selector) !== 'request',
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
  if (otherChange(change.selector) === 'definition')
    return `its definition is now revision ${describeVersion(change.to)}`;
  return describeMove(change);
}
