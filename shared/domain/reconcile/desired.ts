/** What a pipeline would be made of now: its lock, and the fingerprint that follows from it. Pure. */

import { hasFailedTooOften } from '../bakes/outcomes.ts';
import type { Digest } from '../base/canonical.ts';
import type { FingerprintInputs, Lock, LockEntry } from '../records/locks.ts';
import { listDependencies, type PipelineRecord, type PipelineSpec } from '../records/pipelines.ts';
import type { ChannelRecord } from '../records/releases.ts';
import type { SelectorRecord } from '../records/selectors.ts';
import type { FingerprintRecord, PipelineStatus } from '../records/status.ts';
import { findParent, type Selector, selectorKey } from '../selectors/selectors.ts';
import { computeBits, computeProof } from './fingerprint.ts';

/** A schedule's ticks as they matter at one moment. */
export interface Ticks {
  /** The last tick since one was taken up. */
  readonly open?: string;
  readonly next?: string;
}

/** What was read of one pipeline. */
export interface ObservedPipeline {
  readonly pipeline: PipelineRecord;
  readonly status: PipelineStatus;
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
export type PipelineRows = Pick<ObservedPipeline, 'pipeline' | 'status'>;

export interface Desired {
  readonly lock: Lock;
  readonly bits: string;
  readonly proof: string;
  readonly fingerprintInputs: FingerprintInputs;
}

export interface UnresolvedInput {
  readonly key: string;
  readonly problem: string;
}

export type DesiredState =
  | { readonly known: true; readonly desired: Desired }
  | { readonly known: false; readonly unresolved: readonly UnresolvedInput[] };

/** The lock that the pipeline would have now, with its fingerprint. */
export function computeDesired(digest: Digest, observed: ObservedPipeline): DesiredState {
  const { spec } = observed.pipeline;
  const entries = listDependencies(spec).map((selector, index) => toLockEntry(selector, observed, index));
  const unresolved = entries.flatMap((entry) => ('problem' in entry ? [entry] : []));
  const found = entries.flatMap((entry) => ('problem' in entry ? [] : [entry]));
  const lock = toLock(spec, found);
  if (unresolved.length > 0 || lock === undefined) return { known: false, unresolved };
  const fingerprintInputs = toFingerprintInputs(observed, lock);
  return {
    known: true,
    desired: {
      lock,
      fingerprintInputs,
      bits: computeBits(digest, { lock, fingerprintInputs, testsAreBits: spec.testsAreBits }),
      proof: computeProof(digest, spec.proof, lock),
    },
  };
}

function toLock(spec: PipelineSpec, [base, ...rest]: readonly LockEntry[]): Lock | undefined {
  if (base === undefined) return undefined;
  const inputs = spec.components.length;
  const tests = inputs + spec.inputs.length;
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
function toFingerprintInputs({ pipeline, status, ticks }: ObservedPipeline, lock: Lock): FingerprintInputs {
  const { schedule, definitionDigest, proof } = pipeline.spec;
  const tick = schedule?.startCondition === 'always' ? (ticks?.open ?? status.tick) : status.tick;
  const minimumVersions = Object.entries(status.minimumVersions).map(
    ([name, { version }]) => [name, version] as const,
  );
  const entries = [lock.base, ...lock.components, ...lock.inputs, ...lock.tests];
  return {
    definitionDigest,
    proof,
    versions: Object.fromEntries(entries.map((entry) => [entry.key, entry.version])),
    ...(status.rebuildToken === undefined ? {} : { rebuildToken: status.rebuildToken }),
    ...(tick === undefined ? {} : { tick }),
    ...(minimumVersions.length === 0 ? {} : { minimumVersions: Object.fromEntries(minimumVersions) }),
  };
}

function toLockEntry(
  selector: Selector,
  observed: ObservedPipeline,
  index: number,
): LockEntry | UnresolvedInput {
  const key = selectorKey(selector);
  const parent = findParent(selector);
  if (parent !== undefined) {
    // The channel is the truth; the selector's row follows it.
    const channel = observed.channels.get(key);
    if (channel === undefined) return { key, problem: `${parent.pipeline} has no release yet` };
    const cutsOff =
      index === 0 && observed.pipeline.spec.earlyCutoff && channel.inventoryDigest !== undefined;
    // Early cutoff: an equal inventory is an equal version, whatever the release is called.
    const version = cutsOff ? `inventory:${channel.inventoryDigest}` : channel.release;
    return { key, selector, version, detail: channel.images };
  }
  const row = observed.selectors[index];
  if (row?.version === undefined) return { key, problem: row?.problem ?? 'it has not been resolved yet' };
  const { version, detail } = row;
  return { key, selector, version, ...(detail === undefined ? {} : { detail }) };
}

type Fingerprint = Pick<Desired, 'bits' | 'proof'>;

export function isSameFingerprint(one: Fingerprint | undefined, other: Fingerprint): boolean {
  return one?.bits === other.bits && one.proof === other.proof;
}

/** Targets that a release was not brought to; none where its targets are not known. */
export function listTargetsNotIn(targets: readonly string[], known: readonly string[] | undefined): string[] {
  return known === undefined ? [] : targets.filter((target) => !known.includes(target));
}

/** Targets of the definition that lack the current release, though it is what is wanted otherwise. */
export function findMissingTargets({
  observed,
  desiredState,
}: {
  readonly observed: ObservedPipeline;
  readonly desiredState: DesiredState;
}): readonly string[] {
  const { channel, status } = observed;
  if (!desiredState.known || !isSameFingerprint(channel, desiredState.desired)) return [];
  const missing = listTargetsNotIn(observed.pipeline.spec.targets, channel?.targets);
  // A person refused exactly these; a request wants them again.
  const refused = status.request === undefined ? (status.refusedTargets ?? []) : [];
  return missing.every((target) => refused.includes(target)) ? [] : missing;
}

/** Whether exactly this was rejected, expired, cancelled, or failed too often: it is wanted again when something in it changes or a person asks. */
export function isRefused(
  { pipeline, channel }: ObservedPipeline,
  known: FingerprintRecord | undefined,
): boolean {
  if (known === undefined) return false;
  // Of the current release only its way to further targets can fail, which says nothing against it.
  return (
    known.state === 'refused' ||
    (!isSameFingerprint(channel, known) && hasFailedTooOften(known, pipeline.spec.maxFailures))
  );
}
