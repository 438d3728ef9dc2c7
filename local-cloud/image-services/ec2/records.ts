import type { Package } from '../behaviours.ts';
import type { Timer } from '../clock.ts';

export type Tags = Record<string, string>;

export interface StateReason {
  code: string;
  message: string;
}

export interface SnapshotRecord {
  id: string;
  ownerId: string;
  ownerAlias?: 'amazon' | undefined;
  region: string;
  state: 'pending' | 'completed' | 'error';
  stateMessage?: string | undefined;
  startTime: Date;
  completionTime?: Date | undefined;
  volumeId: string;
  sizeGiB: number;
  description: string;
  /** ARN of the KMS key when encrypted. */
  kmsKeyArn?: string | undefined;
  /** True when the key is the account's `aws/ebs` key, which cannot be shared. */
  awsManagedKey: boolean;
  tags: Tags;
  /** createVolumePermission. */
  sharedWith: Set<string>;
  public: boolean;
}

/** One EBS volume of an image. */
export interface ImageDevice {
  deviceName: string;
  snapshotId: string;
  sizeGiB: number;
  volumeType: string;
  iops?: number | undefined;
  throughput?: number | undefined;
  deleteOnTermination: boolean;
  kmsKeyArn?: string | undefined;
}

export interface StoredImage {
  id: string;
  ownerId: string;
  ownerAlias?: 'amazon' | undefined;
  region: string;
  name: string;
  description: string;
  state: 'pending' | 'available' | 'failed' | 'disabled' | 'deregistered';
  stateReason?: StateReason | undefined;
  creationDate: Date;
  architecture: string;
  platformDetails: string;
  rootDeviceName: string;
  devices: ImageDevice[];
  /** Mappings of instance store volumes. */
  ephemeral: { deviceName: string; virtualName: string }[];
  virtualizationType: string;
  bootMode?: string | undefined;
  tpmSupport?: string | undefined;
  imdsSupport?: 'v2.0' | undefined;
  enaSupport: boolean;
  tags: Tags;
  public: boolean;
  /** Launch permissions. */
  sharedWith: Set<string>;
  sharedWithOrganizations: Set<string>;
  sharedWithUnits: Set<string>;
  deprecationTime?: Date | undefined;
  deregistrationProtection: 'disabled' | 'enabled-without-cooldown' | 'enabled-with-cooldown';
  sourceImageId?: string | undefined;
  sourceImageRegion?: string | undefined;
  sourceInstanceId?: string | undefined;
  lastLaunchedTime?: Date | undefined;
  publicSsmParameterName?: string | undefined;
  /** The inventory; CopyImage copies it. */
  inventory: Package[];
  /** Whether the agent of Systems Manager is installed; without it no command reaches an instance. */
  hasAgent: boolean;
  timer?: Timer | undefined;
}

export interface VolumeRecord {
  id: string;
  deviceName: string;
  sizeGiB: number;
  volumeType: string;
  snapshotId?: string | undefined;
  kmsKeyArn?: string | undefined;
  awsManagedKey: boolean;
  deleteOnTermination: boolean;
  createdAt: Date;
  state: 'in-use' | 'available';
  tags: Tags;
}

export type InstanceState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

export interface InstanceRecord {
  id: string;
  reservationId: string;
  ownerId: string;
  region: string;
  imageId: string;
  /** The image as it was at launch: it may be deregistered later. */
  image: StoredImage;
  instanceType: string;
  architecture: string;
  state: InstanceState;
  stateReason?: StateReason | undefined;
  stateTransitionReason: string;
  launchTime: Date;
  /** When the status checks turn ok, on the scale of the clock's `elapsed()`. */
  checksOkAt?: number | undefined;
  clientToken?: string | undefined;
  subnetId: string;
  vpcId: string;
  availabilityZone: string;
  privateIp: string;
  networkInterfaceId: string;
  securityGroups: { id: string; name: string }[];
  instanceProfileArn?: string | undefined;
  keyName?: string | undefined;
  userData?: string | undefined;
  shutdownBehavior: 'stop' | 'terminate';
  httpTokens: 'required' | 'optional';
  hopLimit: number;
  instanceMetadataTags: 'enabled' | 'disabled';
  launchTemplate?: { id: string; name: string; version: number } | undefined;
  tags: Tags;
  volumes: VolumeRecord[];
  timer?: Timer | undefined;
}

export interface LaunchTemplateVersionRecord {
  number: number;
  description?: string | undefined;
  createdAt: Date;
  createdBy: string;
  /** RequestLaunchTemplateData, as given. */
  data: Record<string, unknown>;
}

export interface LaunchTemplateRecord {
  id: string;
  name: string;
  ownerId: string;
  region: string;
  createdAt: Date;
  createdBy: string;
  defaultVersion: number;
  nextVersion: number;
  versions: LaunchTemplateVersionRecord[];
  tags: Tags;
}

export interface SecurityGroupRecord {
  id: string;
  name: string;
  description: string;
  vpcId: string;
  tags: Tags;
}
