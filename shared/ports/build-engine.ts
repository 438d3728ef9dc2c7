import type { Artifact } from '../domain/artifacts/artifacts.ts';
import type { EngineName } from '../domain/engines/engines.ts';

export interface Package {
  readonly name: string;
  readonly version: string;
}

export interface BuildRequest {
  readonly bake: string;
  readonly attempt: number;
  readonly pipeline: string;
  readonly variant: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly parentImage: string;
  readonly components: readonly {
    readonly arn: string;
    readonly parameters?: Readonly<Record<string, string | readonly string[]>>;
  }[];
  /** Test components for the engine to run within the build; undefined where it tests nothing. */
  readonly tests?: BuildRequest['components'];
  readonly instanceTypes: readonly string[];
  readonly volumes: readonly { readonly device: string; readonly sizeGiB: number }[];
  readonly tags: Readonly<Record<string, string>>;
}

export type BuildStatus =
  | { readonly state: 'running' }
  | { readonly state: 'available'; readonly artifact: Artifact; readonly log?: string }
  | {
      readonly state: 'failed' | 'cancelled';
      readonly reason: string;
      readonly log?: string;
      /** Made before the build failed; the clean-up removes it. */
      readonly artifact?: Artifact;
    };

/** One build engine. Every call may be repeated. */
export interface BuildEngine {
  /** Starts a build, or finds the one that an earlier call with the same bake, attempt and variant started. Returns its id. */
  start(request: BuildRequest): Promise<{ build: string }>;
  status(build: string): Promise<BuildStatus>;
  packages(build: string): Promise<readonly Package[]>;
  /** Asks for the end of a build; one that has ended stays as it is. Returns whether it has ended. */
  cancel(build: string): Promise<{ ended: boolean }>;
  /** Artifacts that the build made, whether it ended well or not. One that failed late names none in its status. */
  leftovers(build: string): Promise<readonly Artifact[]>;
  /** Removes the engine's own records of the build, not the artifact. */
  forget(build: string): Promise<void>;
}

/** All engines, with the calls that a use case makes. */
export type Engines<Call extends keyof BuildEngine = keyof BuildEngine> = {
  readonly [Name in EngineName]: () => Pick<BuildEngine, Call>;
};
