import type * as z from 'zod';
import type { Problem } from '../base/errors.ts';
import type { Home } from '../base/regions.ts';
import type { AwsEvent, EventReading } from './events.ts';

/** Where a definition may name a selector. */
export type SelectorUse = 'base' | 'component' | 'input';

/** The field of a definition that holds a form, and where short forms are looked up. */
export interface FormPlace {
  readonly field: string;
  readonly home: Home;
}

/** A pipeline and the channel of it that a selector follows. */
export interface ParentChannel {
  readonly pipeline: string;
  readonly channel: string;
}

/** A version as rows and locks hold it, with what its resolver said of it. */
export interface ResolvedVersion {
  readonly version: string;
  readonly detail?: Readonly<Record<string, string>> | undefined;
}

/** Parameters and images that a selector reads by name, so that apply can refuse those that a pipeline writes (rule 4). */
export interface Reach {
  readonly parameter?: string;
  readonly image?: { readonly id: string; readonly region: string };
  /** Images of `owner` whose names fit the filter `name`. */
  readonly images?: { readonly owner: string; readonly name: string };
}

/**
 * One way to name a dependency: what a definition writes, what is stored of it and what an event says about it. Pure; the resolver of the kind
 * is `adapters/selectors/<kind>.ts`. `Form` is an object whose field `<kind>` tells it from the other forms.
 */
export interface SelectorKind<Form, S extends { readonly kind: string }> {
  readonly kind: S['kind'];
  readonly usableAs: readonly SelectorUse[];
  /** `semver`: versions are build ARNs, which move only forward; `value`: a version moves whenever it differs. */
  readonly comparesAs: 'semver' | 'value';
  /** `slow`: resolving may take half a minute, or needs clients of its own, so a function of its own does it; topics begin with `<kind>:`. */
  readonly speed: 'fast' | 'slow';
  /** What a definition may write. */
  readonly form: z.ZodType<Form>;
  /** What it may write as the base, where that has more fields. */
  readonly baseForm?: z.ZodType<Form>;
  /** Normal form, as records hold it. */
  readonly stored: z.ZodType<S>;
  normalise(form: Form, at: FormPlace): { readonly selector: S; readonly problems?: readonly Problem[] };
  /** Names the selector everywhere, as `<kind>:…`; equal selectors have equal keys. */
  key(selector: S): string;
  /** What an event can say of it: all selectors of a topic are resolved again when a hint for the topic arrives. */
  topic(selector: S): string;
  /** Words for people, of a key without its `<kind>:`. Absent: the key itself. */
  describe?(rest: string): string;
  /** Undefined for an event that is of no concern to this kind. */
  topicsIn?(event: AwsEvent): EventReading | undefined;
  /** The parent image that a build starts from. Present on each kind that an image can be built on. */
  baseImage?(locked: ResolvedVersion, variant: string): string | undefined;
  /** Why it is refused as the base, though its form is known there. */
  readonly baseRefusal?: string;
  /** The pipeline whose release it follows: our own table answers for it, no resolver does. */
  parent?(named: Form | S): ParentChannel;
  reach?(selector: S): Reach;
  /** The architecture that it asks for. */
  architecture?(selector: S): 'x86_64' | 'arm64';
  /** A selector that means exactly this version. Absent: the selector itself. */
  pinTo?(selector: S, version: string): S;
  /** What to show when it does not resolve. Absent: the reason alone. */
  describeUnresolved?(selector: S, reason: string): { readonly message: string; readonly fix: string };
  /** The key that a shortened one stands for, given without its `<kind>:`. */
  completeKey?(rest: string, home: Home): string;
  /** A version that people may write shortened, in full. */
  completeVersion?(selector: S, version: string): string;
  /** False for a version that it can never resolve to; `present` is its version now. */
  canResolveTo?(selector: S, version: string, present: string | undefined): boolean;
}
