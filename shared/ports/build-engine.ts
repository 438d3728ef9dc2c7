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
  /** Test components that the engine is to run itself, on an instance of the new image; undefined where it is to test nothing. */
  readonly tests?: BuildRequest['components'];
  readonly instanceTypes: readonly string[];
  readonly volumes: readonly { readonly device: string; readonly sizeGiB: number }[];
  readonly tags: Readonly<Record<string, string>>;
}

export type BuildStatus =
  | { readonly state: 'running' }
  | { readonly state: 'available'; readonly imageId: string; readonly log?: string }
  | {
      readonly state: 'failed' | 'cancelled';
      readonly reason: string;
      readonly log?: string;
      /** An image that was made before the build failed; clean-up removes it. */
      readonly imageId?: string;
    };

/** One build engine (Image Builder now; Packer follows). Every call may be repeated. */
export interface BuildEngine {
  /** Starts, or finds what an earlier call with the same bake, attempt and variant started. Returns the build's id (an ARN). */
  start(request: BuildRequest): Promise<{ build: string }>;
  status(build: string): Promise<BuildStatus>;
  packages(build: string): Promise<readonly Package[]>;
  /** Asks for the end of a build; one that has ended is left alone. Answers whether it has ended. */
  cancel(build: string): Promise<{ ended: boolean }>;
  /** Removes what the build left at the engine (not the image). */
  forget(build: string): Promise<void>;
}
