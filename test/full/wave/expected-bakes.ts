/** What the oracle of the properties says of the wave. Nothing here decides who must bake: it only says in the oracle's words what there is. */
import { computeRequiredBakes, type OracleDependency } from '../../properties/engine/oracle.ts';
import { AGENT_PATTERN, AGENT_VERSIONS, BASE_IMAGES, type Node } from './estate.ts';

/** What stands outside at one time. */
interface Outside {
  readonly base: string | undefined;
  readonly agents: readonly string[];
}

const NOTHING: Outside = { base: undefined, agents: [] };
const FIRST: Outside = { base: BASE_IMAGES[0], agents: AGENT_VERSIONS.slice(0, 1) };
const BASE_MOVED: Outside = { ...FIRST, base: BASE_IMAGES[1] };
const BOTH_MOVED: Outside = { ...BASE_MOVED, agents: AGENT_VERSIONS };

/** For each step of the scenario the pipelines that it makes stale, and those that both changes do if they come as one. */
export interface ExpectedBakes {
  readonly first: ReadonlySet<string>;
  readonly base: ReadonlySet<string>;
  readonly agent: ReadonlySet<string>;
  readonly together: ReadonlySet<string>;
}

export function computeExpectedBakes(nodes: readonly Node[]): ExpectedBakes {
  const between = (before: Outside, now: Outside) =>
    new Set(computeRequiredBakes(nodes.map((node) => toOraclePipeline(node, before, now))));
  return {
    first: between(NOTHING, FIRST),
    base: between(FIRST, BASE_MOVED),
    agent: between(BASE_MOVED, BOTH_MOVED),
    together: between(FIRST, BOTH_MOVED),
  };
}

function toOraclePipeline({ name, parents, hasAgent }: Node, before: Outside, now: Outside) {
  const base: OracleDependency = { kind: 'value', before: before.base, now: now.base };
  const newest = before.agents.at(-1);
  const agent: OracleDependency = {
    kind: 'semver',
    pattern: AGENT_PATTERN,
    before: newest === undefined ? undefined : `${newest}/1`,
    published: now.agents.map((version) => ({ version, build: 1, deprecated: false })),
  };
  return {
    name,
    parents,
    bits: [...(parents.length === 0 ? [base] : []), ...(hasAgent ? [agent] : [])],
    proof: [],
    redefined: { bits: false, proof: false },
    startsByItself: true,
  };
}

/**
 * How often a pipeline bakes. The first wave is over before the base changes. The component changes amid the wave of the base: a pipeline that uses
 * both bakes once if it had not begun by then, and once for each otherwise. Every other pipeline has one exact number.
 */
export function computeBakeRange(
  name: string,
  named: ExpectedBakes,
): { readonly least: number; readonly most: number } {
  const times = (...sets: ReadonlySet<string>[]) => sets.filter((set) => set.has(name)).length;
  return { least: times(named.first, named.together), most: times(named.first, named.base, named.agent) };
}
