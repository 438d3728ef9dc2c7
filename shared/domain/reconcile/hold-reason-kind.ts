/** What a hold reason is: its facts by code, and the interface that each entry of `HOLD_REASONS` implements. */
import type { FingerprintRecord } from '../records/status.ts';
import type { Observation } from './observed.ts';
import type { Outlook, Remedy } from './remedies.ts';

type NoFacts = Record<never, never>;

/** The facts of each code. They are stored beside the code and the message, so their names are fields of `HoldReasonSchema`. */
export interface FactsOf {
  readonly 'up-to-date': { readonly release: string; readonly channel: string };
  readonly disabled: NoFacts;
  readonly 'too-many-failures': { readonly failures: number };
  readonly pinned: NoFacts;
  readonly manual: NoFacts;
  /** `until`: the next tick of a schedule that always bakes, which is another fingerprint. */
  readonly refused: {
    readonly refusedBy: NonNullable<FingerprintRecord['refusedBy']>;
    readonly detail?: string | undefined;
    readonly until?: string | undefined;
  };
  readonly 'wave-unconfirmed': {
    readonly change: string;
    readonly selector: string;
    readonly images: number;
    readonly isMore: boolean;
  };
  readonly freeze: { readonly until: string; readonly detail: string };
  /** No `until`: the expression names no future time. */
  readonly schedule: { readonly detail: string; readonly until?: string | undefined };
  readonly debounce: { readonly until: string };
  readonly 'back-off': { readonly until: string; readonly failures: number };
  readonly unresolved: { readonly selector: string; readonly detail: string };
  /** `until`: end of `maxHold`, where it is known when nothing else holds the pipeline. `bake`: what the ancestor bakes. */
  readonly 'ancestor-in-progress': {
    readonly pipeline: string;
    readonly bake?: string | undefined;
    readonly until?: string | undefined;
  };
  readonly 'bake-running': {
    readonly bake: string;
    readonly phase: 'in-progress' | 'ending' | 'targets-unknown' | 'earlier-tick' | 'superseded';
    readonly buildsDesired?: boolean | undefined;
    readonly detail?: string | undefined;
  };
  readonly 'after-approval': { readonly bake: string };
  readonly 'superseded-twice': { readonly bake: string };
  /** `pipeline`: the one that goes first; else all slots are used. */
  readonly concurrency: {
    readonly capacity: string;
    readonly used?: number | undefined;
    readonly pipeline?: string | undefined;
  };
}

export type HoldCode = keyof FactsOf;

/** What the conditions of a pipeline's own holds read: of the pipeline itself, or of one of its ancestors. */
export type HoldSubject = Pick<Observation, 'observed' | 'fingerprint' | 'unconfirmed' | 'frozen' | 'now'>;

export interface HoldReasonKind<Facts> {
  readonly endedBy: 'time' | 'event' | 'person';
  /** Dependents need not wait for a pipeline that this holds: nothing of it starts by itself. */
  readonly settles: boolean;
  /** Ticks that come meanwhile are not made up for. */
  readonly skipsSchedule: boolean;
  /** An ancestor's end ends it. Alone it lets the time of `maxHold` pass, and dependents are enqueued when this pipeline is reconciled. */
  readonly waitsForAncestor?: true;
  /** It may outlast the `maxHold` of dependents, so that they are enqueued when it is recorded. Those that settle always are. */
  readonly enqueuesDependents?: true;
  /** Where its end finds the pipeline: in the queue for the slot, or under the change of the wave, that the facts name. */
  readonly listedIn?: 'slot-queue' | 'wave';
  /** It holds what a person requests, too, unless that is forced. The others do not. */
  readonly holdsRequests?: true;
  /** The facts of each hold of this kind by the pipeline's own rows. Absent where decide.ts or ancestors.ts has the condition. */
  find?(subject: HoldSubject): readonly Facts[];
  message(facts: Facts, pipeline: string): string;
  /** Each ends the hold, alone or with what it names in `also`. */
  remedies(facts: Facts, pipeline: string, outlook: Outlook): readonly Remedy[];
  /** When the pipeline is reconciled again by itself; undefined: not until it is enqueued. */
  checkAgainAt(facts: Facts, now: Date): string | undefined;
}

export type HoldReasonKinds = { readonly [Code in HoldCode]: HoldReasonKind<FactsOf[Code]> };
