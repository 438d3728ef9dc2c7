/** What a decision about a pipeline rests on, as it was read. */
import type { AttemptState } from '../records/attempt-states.ts';
import type { FingerprintInputs } from '../records/locks.ts';
import type { ChangeRecord } from '../records/selectors.ts';
import type { FingerprintRecord } from '../records/status.ts';
import type { DesiredState, ObservedPipeline } from './desired.ts';

/** The freeze window that a pipeline is in. */
export interface FreezeEnd {
  readonly until: string;
  readonly reason: string;
}

/** An ancestor, and what its fingerprint's row says if it is stale. */
export interface Ancestor {
  readonly observed: ObservedPipeline;
  readonly desiredState: DesiredState;
  readonly fingerprint: FingerprintRecord | undefined;
  /** First changes of its pending chains that wait for a person, because their wave is too large. */
  readonly unconfirmed: readonly ChangeRecord[];
  readonly frozen: FreezeEnd | undefined;
}

/** The bake that the pipeline runs now. */
export interface ActiveBake {
  readonly id: string;
  readonly attempt: number;
  readonly state: AttemptState;
  readonly bits: string;
  readonly proof: string;
  /** What its fingerprint was computed of. */
  readonly fingerprintInputs?: FingerprintInputs | undefined;
  readonly isEnding: boolean;
  /** It goes where the definition now says. */
  readonly hasAllTargets: boolean;
  /** The approval has been decided, whether the machine knows it yet or not. */
  readonly isApproved: boolean;
}

/** Slots for bakes of one account or one team. */
export interface Capacity {
  /** `account`, or `team:<name>`. */
  readonly key: string;
  readonly limit: number;
  readonly used: number;
  /** The pipeline at the head of the queue, where that is another one with a longer chain of dependents. */
  readonly aheadInQueue?: string;
}

export interface Observation {
  readonly observed: ObservedPipeline;
  readonly desiredState: DesiredState;
  /** Of the wanted fingerprint. */
  readonly fingerprint: FingerprintRecord | undefined;
  /** Released fingerprints with the wanted bits: their images are retained and need no build. */
  readonly retained: readonly FingerprintRecord[];
  readonly ancestors: readonly Ancestor[];
  readonly active: ActiveBake | undefined;
  /** Changes that wait to be taken up, and those that its selectors moved with last, oldest first. */
  readonly changes: readonly ChangeRecord[];
  /** First changes of the pending chains that wait for a person, because their wave is too large. */
  readonly unconfirmed: readonly ChangeRecord[];
  readonly capacity: readonly Capacity[];
  readonly frozen: FreezeEnd | undefined;
  readonly now: Date;
}

/** When the pipeline first had something to do, as far as is known. */
export function findDirtySince(observation: Pick<Observation, 'observed' | 'changes' | 'now'>): string {
  const { status } = observation.observed;
  return status.dirtySince ?? observation.changes[0]?.at ?? observation.now.toISOString();
}
