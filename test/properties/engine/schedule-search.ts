/**
 * Looks at every order of bakes in which no fresh pipeline bakes, and answers how few bring everything to rest. Imports nothing of the engine:
 * what is stale after a bake follows from the dependencies alone.
 */
import { hasProofChanged, haveBitsChanged, type OraclePipeline } from './oracle.ts';

interface SearchState {
  /** Images so far. */
  readonly releases: readonly number[];
  /** What its release was made of: the releases of its parents, and whether it has what moved outside. */
  readonly made: readonly { readonly of: readonly number[]; readonly isNew: boolean }[];
}

/** The fewest bakes after which no pipeline that starts by itself is stale; undefined where `most` are not enough. */
export function findFewestBakes(pipelines: readonly OraclePipeline[], most: number): number | undefined {
  const indexes = new Map(pipelines.map(({ name }, index) => [name, index]));
  const parents = pipelines.map((pipeline) => pipeline.parents.flatMap((name) => indexes.get(name) ?? []));
  const asked = pipelines.map((pipeline) => haveBitsChanged(pipeline) || hasProofChanged(pipeline));
  const ownBits = pipelines.map(haveBitsChanged);
  const start: SearchState = {
    releases: pipelines.map(() => 0),
    made: pipelines.map((_, index) => ({ of: (parents[index] ?? []).map(() => 0), isNew: false })),
  };
  const staleIn = ({ releases, made }: SearchState): number[] =>
    pipelines.flatMap(({ startsByItself }, index) => {
      const own = made[index];
      const behind = (parents[index] ?? []).some((parent, at) => own?.of[at] !== releases[parent]);
      return startsByItself && (behind || (asked[index] === true && own?.isNew !== true)) ? [index] : [];
    });
  let level = new Map([[JSON.stringify(start), start]]);
  for (let count = 0; count <= most; count += 1) {
    const next = new Map<string, SearchState>();
    for (const bench of level.values()) {
      const stale = staleIn(bench);
      if (stale.length === 0) return count;
      for (const index of stale) {
        const after = applyBake(bench, index, parents[index] ?? [], ownBits[index] === true);
        next.set(JSON.stringify(after), after);
      }
    }
    level = next;
  }
  return undefined;
}

function applyBake(
  { releases, made }: SearchState,
  index: number,
  parents: readonly number[],
  hasOwnBits: boolean,
): SearchState {
  const of = parents.map((parent) => releases[parent] ?? 0);
  const before = made[index];
  const isNewImage =
    (hasOwnBits && before?.isNew === false) || of.some((count, at) => count !== before?.of[at]);
  return {
    releases: releases.map((count, at) => (at === index && isNewImage ? count + 1 : count)),
    made: made.map((entry, at) => (at === index ? { of, isNew: true } : entry)),
  };
}
