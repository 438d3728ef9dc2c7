/** Which pipelines wait for a person because a change leads to too many images, told from the dependencies and from what has changed alone. */
import { computeRequiredBakes, hasChanged, type OracleDependency, type OraclePipeline } from './oracle.ts';

/** A pipeline as the oracle is asked of it, with the selectors by which it depends on what is outside. */
export interface OracleInput extends OraclePipeline {
  readonly selectors: ReadonlyMap<string, OracleDependency>;
}

/**
 * Pipelines that may not start before a person confirms: the users of a selector that has moved, where they and all that is built on them are
 * more than the cap; and the children of a pipeline that bakes for a change of its own, where more than the cap are built on that one.
 */
export function listUnconfirmed(asked: readonly OracleInput[], cap: number): ReadonlySet<string> {
  const findChildren = (name: string) => asked.filter(({ parents }) => parents.includes(name));
  const withAllBelow = (first: readonly OracleInput[]): ReadonlySet<OracleInput> => {
    const found = new Set(first);
    for (const pipeline of found) for (const child of findChildren(pipeline.name)) found.add(child);
    return found;
  };
  const waiting = new Set<string>();
  const hold = (first: readonly OracleInput[]) => {
    if (withAllBelow(first).size > cap) for (const { name } of first) waiting.add(name);
  };
  for (const selector of new Set(asked.flatMap(({ selectors }) => [...selectors.keys()]))) {
    const users = asked.filter(({ selectors }) => selectors.has(selector));
    const moves = users.some(({ selectors }) => {
      const dependency = selectors.get(selector);
      return dependency !== undefined && hasChanged(dependency);
    });
    if (moves) hold(users);
  }
  // Parents first: a pipeline that waits does not bake, and holds no dependent for a release of its own.
  for (const name of listParentsFirst(asked)) {
    const own = asked.find((pipeline) => pipeline.name === name);
    if (own === undefined || !(own.redefined.bits || own.redefined.proof)) continue;
    // For dependents of an image that is only judged again nothing has changed.
    const asImage = { ...own, proof: [], redefined: { ...own.redefined, proof: false } };
    const others = asked.filter((pipeline) => pipeline !== own);
    if (computeUnconfirmedBakes([...others, asImage], waiting).includes(name)) hold(findChildren(name));
  }
  return waiting;
}

/** What bakes while no wave is confirmed. */
export function computeUnconfirmedBakes(
  asked: readonly OracleInput[],
  waiting: ReadonlySet<string>,
): string[] {
  return computeRequiredBakes(
    asked.map((pipeline) => ({
      ...pipeline,
      startsByItself: pipeline.startsByItself && !waiting.has(pipeline.name),
    })),
  );
}

/** The oracle names parents first; of a world in which everything is to be baked that is every pipeline. */
function listParentsFirst(asked: readonly OracleInput[]): string[] {
  return computeRequiredBakes(
    asked.map((pipeline) => ({
      ...pipeline,
      startsByItself: true,
      redefined: { bits: true, proof: true },
    })),
  );
}
