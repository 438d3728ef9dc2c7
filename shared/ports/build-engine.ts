import type { Artifact } from '../domain/artifacts/artifacts.ts';
import type { Placement } from '../domain/definitions/definition.ts';
import type { EngineName } from '../domain/engines/engines.ts';

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
  readonly placement: Placement;
  /** Which of its placements it takes, counted from 0 and round again after the last. */
  readonly placing: number;
  readonly metadata: { readonly httpTokens: 'required' | 'optional'; readonly hopLimit?: number | undefined };
  readonly volumes: readonly { readonly device: string; readonly sizeGiB: number }[];
  /** Alias or ARN of the key of all volumes. Without it they get the installation's, or what the account says by default. */
  readonly key?: string;
  /** Devices of all volumes of the parent; empty where they are not known. */
  readonly parentDevices: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** Tags of the definition, for what is launched and for what is made to launch it. */
  readonly instanceTags: Readonly<Record<string, string>>;
  /** Whether the agent of Systems Manager is removed before the image is made; undefined: where the engine has installed it. */
  readonly removesAgent?: boolean;
}

export type BuildStatus =
  | { readonly state: 'running' }
  /** The engine does not know the build: not yet, or no longer. */
  | { readonly state: 'unknown' }
  | { readonly state: 'available'; readonly artifact: Artifact; readonly log?: string }
  | {
      readonly state: 'failed' | 'cancelled';
      readonly reason: string;
      readonly log?: string;
      /** Made before the build failed; the clean-up removes it. */
      readonly artifact?: Artifact;
      /** There was no room for its instance: the next placement may have some. */
      readonly isShortage?: true;
    };

/** One build engine. Every call may be repeated. */
export interface BuildEngine {
  /** Starts a build, or finds the one that an earlier call with the same bake, attempt, variant and placing started. Returns its id, and how many placements there are. */
  start(request: BuildRequest): Promise<{ build: string; placements: number }>;
  status(build: string): Promise<BuildStatus>;
  /** Asks for the end of a build; one that has ended, or is unknown, stays as it is. Returns whether it has ended. */
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
