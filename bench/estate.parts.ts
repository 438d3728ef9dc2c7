/**
 * Random estates with the shape that real ones have: few base images, three to five levels, images that many others are built on, components
 * that many share, and one agent that everything carries. In each of them stands the same family of 100 pipelines, which are all that the
 * component `probe` reaches.
 */
import { seededNumbers } from '../local-cloud/seeded-numbers.ts';
import { API_VERSION, type DefinitionInput } from '../shared/domain/definitions/definition.ts';

export const FAMILY = 100;
/** The component that every pipeline has. */
export const AGENT = 'agent';
/** The component that only the family uses. */
export const PROBE = 'probe';

const BASES = ['linux', 'linux-arm', 'linux-minimal', 'windows', 'gpu'];
/** One distinct selector, beside those of channels, for so many pipelines: 2,000 for 100,000. */
const PIPELINES_PER_SELECTOR = 50;
const FEWEST_COMPONENTS = 12;

export interface Spec {
  readonly name: string;
  /** A parameter where it begins with "/", otherwise a pipeline. */
  readonly base: string;
  /** Names alone; any version 1. */
  readonly components: readonly string[];
}

export interface Estate {
  /** Parents before their children. */
  readonly specs: readonly Spec[];
  readonly parameters: readonly string[];
  readonly components: readonly string[];
}

export const toParameterName = (base: string): string => `/aws/service/${base}`;

export function createEstate(seed: number, size: number): Estate {
  const random = seededNumbers(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = (names: readonly string[]) => names[below(names.length)] ?? '';
  const parameters = BASES.map(toParameterName);
  const shared = Math.max(
    FEWEST_COMPONENTS,
    Math.floor(size / PIPELINES_PER_SELECTOR) - parameters.length - 2,
  );
  const names = Array.from({ length: shared }, (_, index) => `component-${index}`);

  const specs: Spec[] = [];
  const add = (name: string, base: string, more: readonly string[] = []): string => {
    // A few components are in many images and most in few; each is in one at least.
    const popular = Array.from({ length: below(4) }, () => names[Math.floor(shared * random() ** 3)] ?? '');
    const own = names[specs.length % shared] ?? '';
    specs.push({ name, base, components: [...new Set([AGENT, ...popular, own, ...more])] });
    return name;
  };

  addFamily(seededNumbers(FAMILY), parameters[0] ?? '', add);
  const left = size - FAMILY;
  const level = (part: number, parents: readonly string[], title: string) =>
    Array.from({ length: left === 0 ? 0 : Math.max(2, Math.floor(left / part)) }, (_, index) =>
      // Every parameter is some image's base, however few there are.
      add(
        `${title}-${index}`,
        parents === parameters ? (parents[index % parents.length] ?? '') : pick(parents),
      ),
    );
  const golden = level(10_000, parameters, 'golden');
  const platforms = level(1000, golden, 'platform');
  const teams = level(150, platforms, 'team');
  const products = level(500, teams, 'product');
  while (specs.length < size) {
    const at = random();
    const parents = at < 0.2 ? platforms : at < 0.7 ? teams : products;
    add(`app-${specs.length}`, pick(parents));
  }
  return { specs, parameters, components: [AGENT, PROBE, ...names] };
}

/** One golden image, five platforms on it, and applications on those; the probe is in the golden image and in a third of the others. */
function addFamily(
  random: () => number,
  parameter: string,
  add: (name: string, base: string, more?: readonly string[]) => string,
): void {
  const probe = () => (random() < 1 / 3 ? [PROBE] : []);
  const root = add('family', parameter, [PROBE]);
  const platforms = Array.from({ length: 4 }, (_, index) => add(`family-platform-${index}`, root, probe()));
  platforms.push(add('family-platform-4', platforms[0] ?? '', probe()));
  for (let index = platforms.length + 1; index < FAMILY; index += 1)
    add(`family-app-${index}`, platforms[Math.floor(random() * platforms.length)] ?? '', probe());
}

export function toEstateDefinition({ name, base, components }: Spec): DefinitionInput {
  return {
    apiVersion: API_VERSION,
    name,
    base: base.startsWith('/') ? { ssm: base } : { pipeline: base },
    components: components.map((component) => ({ component: `${component}/1.x.x` })),
    tests: { suites: [{ name: 'boots', script: 'true' }] },
    approval: { required: false },
    triggers: { debounce: '0s' },
  };
}
