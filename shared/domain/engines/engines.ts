/** Everything that follows from the list of engines. */
import type { EngineKind } from './engine.ts';
import { ENGINES } from './registry.ts';

export type EngineName = keyof typeof ENGINES;

export const ENGINE_NAMES = Object.keys(ENGINES) as [EngineName, ...EngineName[]];

type Intersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;

/** The fields of `build` that belong to one engine or another. */
export const ENGINE_SETTINGS = Object.assign(
  {},
  ...Object.values(ENGINES).map(({ settings }) => settings),
) as Intersection<(typeof ENGINES)[EngineName]['settings']>;

/** The engine of a definition, to be asked with the definition's `build`. */
/** An engine may not know a build for a while after it has started it; what it does not know then is gone. */
const KNOWN_AFTER_SECONDS = 300;

export function mayBecomeKnown(
  { startedAt }: { readonly startedAt?: string | undefined },
  now: Date,
): boolean {
  return startedAt !== undefined && now.getTime() < Date.parse(startedAt) + KNOWN_AFTER_SECONDS * 1000;
}

export function findEngine({ engine }: { readonly engine: EngineName }): EngineKind {
  return ENGINES[engine];
}

/** The build that an event tells of, whichever engine it is of. */
export function findBuildInEvent(event: unknown): string | undefined {
  return Object.values<EngineKind>(ENGINES)
    .map((engine) => engine.buildIn(event))
    .find((build) => build !== undefined);
}
