import { tokenMismatch } from './errors.ts';
import type { ComponentRecord, ConfigurationRecord, RecipeRecord, StoredImage } from './records.ts';

export type Settings = Record<string, unknown>;
export type Configuration = ConfigurationRecord<Settings>;

/** The state of Image Builder for one account in one Region. Amazon's own resources are those of the account `aws`. */
export interface RegionState {
  readonly account: string;
  readonly region: string;
  components: ComponentRecord[];
  recipes: RecipeRecord[];
  images: StoredImage[];
  infrastructure: Configuration[];
  distribution: Configuration[];
  pipelines: Configuration[];
  /** Highest build number so far, by `<kind>/<slug>/<version>`: a deleted or failed build keeps its number. */
  readonly builds: Map<string, number>;
  /** Answers by operation and client token. */
  readonly answers: Map<string, { input: string; output: Promise<Record<string, unknown>> }>;
}

export interface Store {
  /** Accounts that have the service-linked role of Image Builder. */
  readonly linkedAccounts: Set<string>;
  at(account: string, region: string): RegionState;
  all(): RegionState[];
}

/** `seed` fills the state of an account and Region when it is first asked for. */
export const createStore = (seed: (home: RegionState) => void): Store => {
  const homes = new Map<string, RegionState>();
  return {
    linkedAccounts: new Set(),
    at(account, region) {
      const key = `${account}/${region}`;
      const known = homes.get(key);
      if (known !== undefined) return known;
      const home: RegionState = {
        account,
        region,
        components: [],
        recipes: [],
        images: [],
        infrastructure: [],
        distribution: [],
        pipelines: [],
        builds: new Map(),
        answers: new Map(),
      };
      homes.set(key, home);
      seed(home);
      return home;
    },
    all: () => [...homes.values()],
  };
};

/** The number of the next build; `takeBuild` takes it. */
export const nextBuild = (home: RegionState, key: string): number => (home.builds.get(key) ?? 0) + 1;

export const takeBuild = (home: RegionState, key: string): number => {
  const build = nextBuild(home, key);
  home.builds.set(key, build);
  return build;
};

/**
 * Runs an operation once per client token: the same token with the same parameters gets the first answer, with other parameters
 * an IdempotentParameterMismatchException [M:imagebuilder clientToken]. A failed call leaves the token free.
 */
export const once = async (
  home: RegionState,
  operation: string,
  input: Record<string, unknown>,
  run: () => Promise<Record<string, unknown>> | Record<string, unknown>,
): Promise<Record<string, unknown>> => {
  const { clientToken, ...parameters } = input;
  if (typeof clientToken !== 'string') return run();
  const key = `${operation}/${clientToken}`;
  const given = canonical(parameters);
  const known = home.answers.get(key);
  if (known !== undefined) {
    if (known.input !== given) throw tokenMismatch(clientToken);
    return { ...(await known.output), clientToken };
  }
  const output = Promise.resolve().then(run);
  home.answers.set(key, { input: given, output });
  try {
    return { ...(await output), clientToken };
  } catch (error) {
    home.answers.delete(key);
    throw error;
  }
};

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, entry: unknown) =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([left], [right]) => (left < right ? -1 : 1)))
      : entry,
  );
