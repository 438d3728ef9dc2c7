import type { BlockDeviceMapping } from '@aws-sdk/client-ec2';
import type { Package } from '../behaviours.ts';
import type { InstanceRecord, StoredImage } from './records.ts';

export interface VolumeSpec {
  deviceName: string;
  sizeGiB: number;
  /** Without one the volume is not encrypted. */
  kmsKeyArn?: string | undefined;
  /** Of the account's own `aws/ebs`. */
  awsManagedKey?: boolean | undefined;
}

export interface CreateImageForRequest {
  account: string;
  region: string;
  name: string;
  description?: string | undefined;
  tags: Record<string, string>;
  /** Of its snapshots; those of the image without it. */
  snapshotTags?: Record<string, string> | undefined;
  /** Lineage, root device and volumes come from the parent unless `volumes` says otherwise. */
  parentImageId?: string | undefined;
  volumes?: VolumeSpec[] | undefined;
  inventory: Package[];
  /** As the parent's where it is left out. */
  hasAgent?: boolean | undefined;
  architecture?: string | undefined;
  imdsSupport?: 'v2.0' | undefined;
  sourceInstanceId?: string | undefined;
  /** AWS seconds until `available`; `timings.createImage` without it. */
  seconds?: number | undefined;
  requestId?: string | undefined;
}

export interface CopyImageForRequest {
  account: string;
  region: string;
  principalArn: string;
  name: string;
  description?: string | undefined;
  sourceImageId: string;
  sourceRegion: string;
  kmsKeyId?: string | undefined;
  tags: Record<string, string>;
  requestId?: string | undefined;
}

export interface LaunchForRequest {
  account: string;
  region: string;
  principalArn: string;
  imageId: string;
  instanceType: string;
  tags: Record<string, string>;
  instanceProfileArn?: string | undefined;
  subnetId?: string | undefined;
  securityGroupIds?: string[] | undefined;
  /** As RunInstances takes them. */
  mappings?: BlockDeviceMapping[] | undefined;
}

/** EC2 for the other image services: direct calls, without HTTP and without IAM. */
export interface Ec2Api {
  /** Makes a `pending` image that becomes `available`; emits its events. */
  createImageFor(request: CreateImageForRequest): StoredImage;
  /** As CopyImage in the destination, with all its rules except the caller's IAM and throttling. */
  copyImageFor(request: CopyImageForRequest): Promise<StoredImage>;
  /** The image if that account can see it there: own, public or shared with it. */
  findImage(id: string, account: string, region: string): StoredImage | undefined;
  /** The image, of any owner. */
  imageById(id: string, region: string): StoredImage | undefined;
  deregisterImage(id: string, region: string): void;
  shareImage(id: string, region: string, accounts: readonly string[]): void;
  launchFor(request: LaunchForRequest): Promise<InstanceRecord>;
  terminateFor(instanceId: string, account: string, region: string): void;
  findInstance(id: string, account: string, region: string): InstanceRecord | undefined;
  instancesOf(account: string, region: string): InstanceRecord[];
}
