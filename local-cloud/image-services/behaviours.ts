/** What is installed in an image: nothing is executed, so inventories are declared and carried along. */
export interface Package {
  name: string;
  version: string;
  release?: string | undefined;
  arch?: string | undefined;
  type: 'rpm' | 'deb';
}

/** Fields that are left out match everything. */
export interface CopyFailure {
  account?: string | undefined;
  region?: string | undefined;
  reason: string;
}

export interface LaunchFailure {
  account?: string | undefined;
  region?: string | undefined;
  imageId?: string | undefined;
  instanceType?: string | undefined;
  /** `refuse` answers the call with an error; `terminate` lets the instance go from pending to terminated. */
  mode: 'refuse' | 'terminate';
  code: string;
  reason: string;
}

export interface BuildFailure {
  recipeName?: string | undefined;
  reason: string;
}

/** What a component version does to the inventory of images built with it. */
export interface ComponentEffect {
  name: string;
  version: string;
  adds: Package[];
  removes: string[];
  failsBuild?: string | undefined;
}

/** What a command answers on instances that match; a command that matches nothing times out. */
export interface CommandAnswer {
  match: {
    pipelineTag?: string | undefined;
    imageName?: string | undefined;
    suite?: string | undefined;
    contains?: string | undefined;
  };
  status: 'Success' | 'Failed' | 'TimedOut';
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** Declarations that are used up: each counts for a number of times, or for ever when `times` is null. */
export class Declarations<T> {
  readonly #entries: { value: T; left: number | null }[] = [];

  add(value: T, times: number | null): void {
    this.#entries.push({ value, left: times });
  }

  /** A counted declaration that matches, the oldest first; without one the newest that holds for ever. Using it counts. */
  take(matches: (value: T) => boolean): T | undefined {
    const found = this.#entries.filter(({ value, left }) => left !== 0 && matches(value));
    const entry = found.find(({ left }) => left !== null) ?? found.at(-1);
    if (entry?.left) entry.left -= 1;
    return entry?.value;
  }

  clear(): void {
    this.#entries.length = 0;
  }
}

export interface Behaviours {
  copyFailures: Declarations<CopyFailure>;
  launchFailures: Declarations<LaunchFailure>;
  buildFailures: Declarations<BuildFailure>;
  commandAnswers: Declarations<CommandAnswer>;
  /** By `<name>/<major.minor.patch>`. */
  components: Map<string, ComponentEffect>;
}

export function createBehaviours(): Behaviours {
  return {
    copyFailures: new Declarations(),
    launchFailures: new Declarations(),
    buildFailures: new Declarations(),
    commandAnswers: new Declarations(),
    components: new Map(),
  };
}
