/** The graph of pipelines, by a function that gives the parents of each. */

/** Path from `start` over its parents back to itself, both ends included, or undefined. `parentsOf` returns undefined for unknown names. */
export function findCycle(
  start: string,
  parentsOf: (name: string) => readonly string[] | undefined,
): string[] | undefined {
  const seen = new Set<string>();
  const walk = (name: string, path: readonly string[]): string[] | undefined => {
    for (const parent of parentsOf(name) ?? []) {
      if (parent === start) return [...path, parent];
      if (seen.has(parent)) continue;
      seen.add(parent);
      const found = walk(parent, [...path, parent]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(start, [start]);
}
