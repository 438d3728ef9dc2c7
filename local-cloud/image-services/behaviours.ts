/** A package of an image's inventory. Nothing is executed, so inventories are declared and copied along. */
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
  subnetId?: string | undefined;
  /** `refuse` answers the call with an error; `terminate` lets the instance go from pending to terminated. */
  mode: 'refuse' | 'terminate';
  code: string;
  reason: string;
}

export interface BuildFailure {
  recipeName?: string | undefined;
  reason: string;
}

/** The change that a component version makes to the inventory of images built with it. */
export interface ComponentEffect {
  name: string;
  version: string;
  adds: Package[];
  removes: string[];
  failsBuild?: string | undefined;
}

/** The declared result of a command on the instances that match. A command without a matching declaration times out. */
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

/** Declarations with a number of uses; `times` null means no limit. */
export class Declarations<T> {
  readonly #entries: { value: T; left: number | null }[] = [];

  add(value: T, times: number | null): void {
    this.#entries.push({ value, left: times });
  }

  /** The oldest matching declaration with uses left, else the newest one without a limit. Takes one use. */
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
  /** `<account>/<region>` with an association of State Manager that gathers the inventory of all instances. */
  inventoryAssociations: Set<string>;
}

export function createBehaviours(): Behaviours {
  return {
    copyFailures: new Declarations(),
    launchFailures: new Declarations(),
    buildFailures: new Declarations(),
    commandAnswers: new Declarations(),
    components: new Map(),
    inventoryAssociations: new Set(),
  };
}
