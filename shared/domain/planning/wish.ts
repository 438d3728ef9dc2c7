/** What a pipeline would be made of now: its lock, and the fingerprint that follows from it. Pure. */

import { failedTooOften } from '../baking/outcomes.ts';
import type { Ingredients, Lock, LockEntry } from '../records/locks.ts';
import { dependenciesOf, type PipelineRecord, type PlanInputs } from '../records/pipelines.ts';
import type { FingerprintRecord, PlanningRecord } from '../records/planning.ts';
import type { ChannelRecord } from '../records/releases.ts';
import type { SelectorRecord } from '../records/selectors.ts';
import { type Selector, selectorKey } from '../versions/selectors.ts';
import { bitsDigest, proofWith } from './fingerprint.ts';

type DigestOf = (text: string) => string;

/** A schedule's ticks as they matter at one moment. */
export interface Ticks {
  /** The last tick that has come since the planner last took one up. */
  readonly open?: string;
  readonly next?: string;
}

/** What was read of one pipeline. */
export interface Seen {
  readonly pipeline: PipelineRecord;
  readonly planning: PlanningRecord;
  /** In the order of `dependenciesOf`: base, components, inputs, test components. */
  readonly selectors: readonly (SelectorRecord | undefined)[];
  /** What is current in the channel that it releases into. */
  readonly channel: ChannelRecord | undefined;
  /** What is current in the channels that it names, by selector key. */
  readonly channels: ReadonlyMap<string, ChannelRecord>;
  /** Of a pipeline with a schedule. */
  readonly ticks?: Ticks;
}

/** A pipeline's own rows, before anything of what it is built on has been read. */
export type Head = Pick<Seen, 'pipeline' | 'planning'>;

export interface Wanted {
  readonly lock: Lock;
  readonly bits: string;
  readonly proof: string;
  readonly ingredients: Ingredients;
}

export interface Missing {
  readonly key: string;
  readonly problem: string;
}

export type Wish =
  | { readonly known: true; readonly wanted: Wanted }
  | { readonly known: false; readonly missing: readonly Missing[] };

/** The lock that the pipeline would have now, with its fingerprint. */
export function wishOf(digest: DigestOf, seen: Seen): Wish {
  const { plan } = seen.pipeline;
  const entries = dependenciesOf(plan).map((selector, index) => entryOf(selector, seen, index));
  const missing = entries.flatMap((entry) => ('problem' in entry ? [entry] : []));
  const found = entries.flatMap((entry) => ('problem' in entry ? [] : [entry]));
  const lock = lockOf(plan, found);
  if (missing.length > 0 || lock === undefined) return { known: false, missing };
  const ingredients = ingredientsOf(seen, lock);
  return {
    known: true,
    wanted: {
      lock,
      ingredients,
      bits: bitsDigest(digest, { lock, ingredients, testsAreBits: plan.testsAreBits }),
      proof: proofWith(digest, plan.proof, lock),
    },
  };
}

function lockOf(plan: PlanInputs, [base, ...rest]: readonly LockEntry[]): Lock | undefined {
  if (base === undefined) return undefined;
  const inputs = plan.components.length;
  const tests = inputs + plan.inputs.length;
  return {
    base,
    components: rest.slice(0, inputs),
    inputs: rest.slice(inputs, tests),
    tests: rest.slice(tests),
  };
}

/**
 * A tick or a forced request stays part of the bits until the next one: without it, what it made would not be what is wanted. A tick that has
 * come is wanted at once where the schedule always bakes.
 */
function ingredientsOf({ pipeline, planning, ticks }: Seen, lock: Lock): Ingredients {
  const { schedule, recipe, proof } = pipeline.plan;
  const tick = schedule?.startCondition === 'always' ? (ticks?.open ?? planning.tick) : planning.tick;
  const floors = Object.entries(planning.floors).map(([name, { version }]) => [name, version] as const);
  const entries = [lock.base, ...lock.components, ...lock.inputs, ...lock.tests];
  return {
    recipe,
    proof,
    versions: Object.fromEntries(entries.map((entry) => [entry.key, entry.version])),
    ...(planning.salt === undefined ? {} : { salt: planning.salt }),
    ...(tick === undefined ? {} : { tick }),
    ...(floors.length === 0 ? {} : { floors: Object.fromEntries(floors) }),
  };
}

function entryOf(selector: Selector, seen: Seen, index: number): LockEntry | Missing {
  const key = selectorKey(selector);
  if (selector.kind === 'pipeline') {
    // The channel is the truth; the selector's row follows it.
    const channel = seen.channels.get(key);
    if (channel === undefined) return { key, problem: `${selector.pipeline} has no release yet` };
    const cutsOff = index === 0 && seen.pipeline.plan.earlyCutoff && channel.inventoryDigest !== undefined;
    // Early cutoff: an equal inventory is an equal version, whatever the release is called.
    const version = cutsOff ? `inventory:${channel.inventoryDigest}` : channel.release;
    return { key, selector, version, detail: channel.images };
  }
  const row = seen.selectors[index];
  if (row?.version === undefined) return { key, problem: row?.problem ?? 'it has not been resolved yet' };
  const { version, detail } = row;
  return { key, selector, version, ...(detail === undefined ? {} : { detail }) };
}

export interface Fingerprint {
  readonly bits: string;
  readonly proof: string;
}

export function isSame(one: Fingerprint | undefined, other: Fingerprint): boolean {
  return one?.bits === other.bits && one.proof === other.proof;
}

/** Places that a release was not brought to; none where it is not known where it is. */
export function placesMissing(places: readonly string[], known: readonly string[] | undefined): string[] {
  return known === undefined ? [] : places.filter((place) => !known.includes(place));
}

/** Places that the definition names and the current release is not in, though it is what is wanted otherwise. */
export function targetsMissing({
  seen,
  wish,
}: {
  readonly seen: Seen;
  readonly wish: Wish;
}): readonly string[] {
  const { channel, planning } = seen;
  if (!wish.known || !isSame(channel, wish.wanted)) return [];
  const missing = placesMissing(seen.pipeline.plan.places, channel?.places);
  // Somebody has said no to exactly these; whoever asks in person asks again.
  const refused = planning.request === undefined ? (planning.refusedPlaces ?? []) : [];
  return missing.every((place) => refused.includes(place)) ? [] : missing;
}

/** Whether exactly this was rejected, expired, cancelled, or failed too often: it is wanted again when something in it changes or a person asks. */
export function isRefused({ pipeline, channel }: Seen, known: FingerprintRecord | undefined): boolean {
  if (known === undefined) return false;
  // Of the current release only the way to further places can fail, which says nothing against it.
  return (
    known.state === 'refused' || (!isSame(channel, known) && failedTooOften(known, pipeline.plan.maxFailures))
  );
}
