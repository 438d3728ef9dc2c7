/** Which changes a bake takes up: those that make what is wanted differ from what is current. Pure. */

import { nonSelectorChangeKey, parseNonSelectorChange } from '../base/naming.ts';
import type { FingerprintInputs } from '../records/locks.ts';
import type { ChangeRecord } from '../records/selectors.ts';
import { describeChange, describeVersion } from '../selectors/describe.ts';
import { findMissingTargets, isSameFingerprint } from './desired.ts';
import type { Observation } from './observed.ts';

const CHANGES_NAMED = 3;

type CauseInput = Pick<Observation, 'observed' | 'desiredState' | 'changes'>;

/**
 * What differs between what is wanted and what is current: selector keys whose version moved, and words for what is no selector. Undefined where
 * nothing was released yet.
 */
export function findDifferences({
  observed,
  desiredState,
}: Pick<Observation, 'observed' | 'desiredState'>): ReadonlySet<string> | undefined {
  const current = observed.channel?.fingerprintInputs;
  if (!desiredState.known || current === undefined) return undefined;
  const { fingerprintInputs } = desiredState.desired;
  const { versions } = fingerprintInputs;
  const found = new Set(
    Object.keys(versions).filter((key) => key in current.versions && current.versions[key] !== versions[key]),
  );
  if (
    hasDefinitionChanged(current, fingerprintInputs) ||
    findMissingTargets({ observed, desiredState }).length > 0
  )
    found.add('definition');
  if (current.rebuildToken !== fingerprintInputs.rebuildToken) found.add('request');
  if (current.tick !== fingerprintInputs.tick) found.add('schedule');
  for (const [name, version] of Object.entries(fingerprintInputs.minimumVersions ?? {}))
    if (current.minimumVersions?.[name] !== version) found.add(nonSelectorChangeKey('finding', name));
  return found;
}

/** A dependency that came or went did so by the definition, whatever its version has done since. */
function hasDefinitionChanged(current: FingerprintInputs, wanted: FingerprintInputs): boolean {
  const names = (fingerprintInputs: FingerprintInputs) =>
    Object.keys(fingerprintInputs.versions).sort().join('\n');
  return (
    current.definitionDigest !== wanted.definitionDigest ||
    (current.proof ?? wanted.proof) !== wanted.proof ||
    names(current) !== names(wanted)
  );
}

/**
 * The changes to name. Where something was released before, only those that make the difference: each of them alone would have started the
 * bake, and without any of them it would not be. A person's request is always named, unless it is the forced one that the current release has answered.
 */
export function findDecisiveChanges(given: CauseInput): ChangeRecord[] {
  const { observed, changes } = given;
  const differing = findDifferences(given);
  const pending = new Set(observed.status.changes);
  const own = changes.filter((change) => pending.has(change.id));
  if (differing === undefined) return own;
  const current = observed.channel?.fingerprintInputs?.versions ?? {};
  const minimumVersions = Object.entries(observed.status.minimumVersions).filter(([name]) =>
    differing.has(nonSelectorChangeKey('finding', name)),
  );
  const named = changes.filter(({ selector, id, to, finding }) => {
    const other = parseNonSelectorChange(selector);
    if (other === 'request')
      return pending.has(id) && id !== observed.channel?.fingerprintInputs?.rebuildToken;
    if (other === 'definition') return pending.has(id) && differing.has('definition');
    // Of several findings that raised one minimum version, each is named, like every change of one selector.
    if (other === 'finding')
      return minimumVersions.some(
        ([name, minimum]) => minimum.change === id || (pending.has(id) && finding?.package === name),
      );
    return differing.has(selector) && to !== current[selector];
  });
  // A tick becomes a change when it is taken up.
  return named.length > 0 || differing.has('schedule') ? named : own;
}

/** The first changes of the chains that a change belongs to. */
export function listCauses({ cause, causes }: ChangeRecord): readonly string[] {
  return causes.length > 0 ? causes : [cause];
}

/**
 * Causes whose wave is over the limit and unconfirmed, among the changes by which the desired state differs from the current release. A change that
 * was reverted since does not count; a change whose dirty mark has not been written yet does. `known`: rows of changes, by id.
 */
export function findUnconfirmedCauses(
  given: CauseInput,
  known: ReadonlyMap<string, ChangeRecord>,
): ChangeRecord[] {
  const first = new Set(findDecisiveChanges(given).flatMap(listCauses));
  return [...first]
    .flatMap((id) => known.get(id) ?? [])
    .filter(({ wave }) => wave !== undefined && wave.confirmed === undefined);
}

/** One sentence for people. */
export function describeStartReason({ observed, changes, desiredState, fingerprint }: Observation): string {
  const { request } = observed.status;
  const moves = findDecisiveChanges({ observed, desiredState, changes }).filter(
    (change) => parseNonSelectorChange(change.selector) !== 'request',
  );
  const named = moves.slice(-CHANGES_NAMED).map((change) => describeDecisiveChange(change));
  const more = moves.length - named.length;
  const what = [...named, ...(more > 0 ? [`${more} more`] : [])].join('; ');
  if (request !== undefined) {
    const asked = `${request.force ? 'Forced' : 'Requested'} by ${request.by}`;
    return what === '' ? `${asked}.` : `${asked}; ${what}.`;
  }
  const again =
    desiredState.known &&
    isSameFingerprint(fingerprint, desiredState.desired) &&
    (fingerprint?.failures ?? 0) > 0;
  const tried = again ? ` (try ${(fingerprint?.failures ?? 0) + 1})` : '';
  if (what !== '') return `${what}${tried}.`;
  return observed.channel === undefined ? `First bake${tried}.` : `Its versions moved${tried}.`;
}

function describeDecisiveChange(change: ChangeRecord): string {
  if (parseNonSelectorChange(change.selector) === 'definition')
    return `its definition is now revision ${describeVersion(change.to)}`;
  return describeChange(change);
}
