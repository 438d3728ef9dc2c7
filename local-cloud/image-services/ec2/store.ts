import type {
  InstanceRecord,
  LaunchTemplateRecord,
  SecurityGroupRecord,
  SnapshotRecord,
  StoredImage,
} from './records.ts';

export interface Location {
  account: string;
  region: string;
}

/** The state of EC2 for one account in one Region. */
export interface RegionState extends Location {
  instances: Map<string, InstanceRecord>;
  launchTemplates: Map<string, LaunchTemplateRecord>;
  securityGroups: Map<string, SecurityGroupRecord>;
  /** GetEbsEncryptionByDefault and GetEbsDefaultKmsKeyId. */
  encryptionByDefault: boolean;
  defaultKmsKeyId?: string | undefined;
  /** Snapshot copies in progress, by snapshot. */
  copies: Set<string>;
  /** Parameters and outcome of each client token, by operation and token. */
  tokens: Map<string, { parameters: string; outcome: unknown }>;
  /** Token buckets by operation, on the clock's scale of AWS seconds. */
  buckets: Map<string, { tokens: number; at: number }>;
}

/** Images and snapshots are kept per Region, for other accounts can see them; all else per account and Region. */
export class Ec2Store {
  readonly #images = new Map<string, Map<string, StoredImage>>();
  readonly #snapshots = new Map<string, Map<string, SnapshotRecord>>();
  readonly #byLocation = new Map<string, RegionState>();

  images(region: string): Map<string, StoredImage> {
    return entry(this.#images, region, () => new Map());
  }

  snapshots(region: string): Map<string, SnapshotRecord> {
    return entry(this.#snapshots, region, () => new Map());
  }

  at({ account, region }: Location): RegionState {
    return entry(this.#byLocation, `${account}/${region}`, () => ({
      account,
      region,
      instances: new Map(),
      launchTemplates: new Map(),
      securityGroups: new Map(),
      encryptionByDefault: false,
      copies: new Set(),
      tokens: new Map(),
      buckets: new Map(),
    }));
  }
}

function entry<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = create();
  map.set(key, made);
  return made;
}
