export interface ImageFacts {
  readonly imageId: string;
  readonly name: string;
  readonly state: 'pending' | 'available' | 'failed' | 'deregistered' | 'disabled';
  readonly reason?: string;
  readonly architecture: string;
  readonly snapshots: readonly {
    readonly snapshotId: string;
    readonly device: string;
    readonly encrypted: boolean;
    readonly keyId?: string;
  }[];
  readonly tags: Readonly<Record<string, string>>;
  readonly deprecatedAt?: string;
  /** The image that this one is a copy of, which may be gone. */
  readonly copyOf?: { readonly region: string; readonly imageId: string };
  readonly ownerId: string;
}

/**
 * Images and snapshots of the control account, in any region. Throws TryLater where AWS throttles, DistributionFailed where it refuses; its
 * fact `refused` is true where the account may not do this there at all, as in a Region that is not enabled.
 */
export interface OwnImages {
  describe(region: string, imageId: string): Promise<ImageFacts | undefined>;
  /** Tags images and snapshots. */
  tag(region: string, resources: readonly string[], tags: Readonly<Record<string, string>>): Promise<void>;
  /** Deregisters the image and deletes its snapshots; what is gone already is no error. */
  remove(region: string, imageId: string): Promise<void>;
  findByBake(region: string, bake: string): Promise<readonly ImageFacts[]>;
  /** Lets the account launch the image and copy its snapshots. */
  permit(
    region: string,
    imageId: string,
    snapshotIds: readonly string[],
    accounts: readonly string[],
  ): Promise<void>;
  revoke(
    region: string,
    imageId: string,
    snapshotIds: readonly string[],
    accounts: readonly string[],
  ): Promise<void>;
  /** A copy of our own in another region; starts it, or finds what an earlier call with the same client token started. */
  copy(region: string, request: CopyRequest): Promise<{ imageId: string }>;
  deprecate(region: string, imageId: string, at: string): Promise<void>;
  /** ARN of the key behind an alias, id or ARN. Throws DistributionFailed when there is none. */
  resolveKey(region: string, key: string): Promise<string>;
}

export interface CopyRequest {
  readonly clientToken: string;
  readonly name: string;
  readonly description: string;
  readonly sourceImageId: string;
  readonly sourceRegion: string;
  readonly key: string;
  readonly tags: Readonly<Record<string, string>>;
}
