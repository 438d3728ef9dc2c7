import type { Artifact, ArtifactName } from '../domain/artifacts/artifacts.ts';
import type { ObservedImage } from '../domain/distribution/verification.ts';
import type { ImageUse } from '../domain/releases/references/reference.ts';

type Tags = Readonly<Record<string, string>>;

export interface ArtifactFacts<A extends Artifact = Artifact> extends ObservedImage {
  /** Its account is the owner's, wherever it is looked at from. */
  readonly artifact: A;
  readonly name: string;
  /** The image that this one is a copy of, which may be gone. */
  readonly copyOf?: { readonly region: string; readonly imageId: string };
  /** Of all its volumes. */
  readonly sizeGiB?: number;
  /** By whatever account, as far as its owner is told. */
  readonly lastLaunchedAt?: string;
}

export interface CopyRequest {
  readonly clientToken: string;
  readonly name: string;
  readonly description: string;
  readonly key: string;
  readonly tags: Tags;
}

/**
 * Artifacts of one kind in one account and region. Every call may be repeated. Throws TryLater where AWS throttles or a quota is in use,
 * DistributionFailed where it refuses; its fact `refused` is true where the account may not do this there at all, as in a disabled Region.
 */
export interface ArtifactStore<A extends Artifact = Artifact> {
  /** Undefined where there is no artifact of that id, or none that may be seen. */
  describe(id: string): Promise<ArtifactFacts<A> | undefined>;
  findByBake(bake: string): Promise<readonly ArtifactFacts<A>[]>;
  /** Starts a copy into this location, or finds the one that an earlier call with the same client token started. */
  copyFrom(source: A, request: CopyRequest): Promise<A>;
  /** Tags the artifact with all its parts. */
  tag(artifact: A, tags: Tags): Promise<void>;
  /** Lets the accounts launch the artifact and copy its snapshots. */
  share(artifact: A, accounts: readonly string[]): Promise<void>;
  unshare(artifact: A, accounts: readonly string[]): Promise<void>;
  retireAt(artifact: A, at: string): Promise<void>;
  /** Takes back what `retireAt` set. */
  unretire(artifact: A): Promise<void>;
  /** What the account of this location makes of the artifacts, whoever owns them. */
  findUses(ids: readonly string[]): Promise<readonly ImageUse[]>;
  /** Removes the artifact with its snapshots; one that is gone already is no error. */
  remove(artifact: A): Promise<void>;
  /** ARN of the key behind an alias, id or ARN. Throws DistributionFailed when there is none. */
  resolveKey(key: string): Promise<string>;
}

/** The store of each kind of artifact, with the calls that a use case makes. */
export type Stores<Call extends keyof ArtifactStore = keyof ArtifactStore> = {
  readonly [Kind in ArtifactName]: Pick<ArtifactStore<Extract<Artifact, { kind: Kind }>>, Call>;
};
