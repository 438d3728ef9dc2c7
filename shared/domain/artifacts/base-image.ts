/** What EC2 tells of an image that others are to be built on (ec2 Image). */
export interface BaseImage {
  readonly imageId: string;
  readonly state: string;
  readonly architecture: string;
  /** `Linux/UNIX`, `Red Hat Enterprise Linux`, `Windows with SQL Server Standard`. */
  readonly platform: string;
  /** `machine`, `kernel` or `ramdisk`. */
  readonly type: string;
  readonly virtualization: string;
  readonly bootMode?: string;
  /** `ebs` or `instance-store`. */
  readonly rootDeviceType: string;
  /** Mappings come in no particular order, so nothing but this name tells which of them is the root. */
  readonly rootDevice?: string | undefined;
  /** Volumes that are made of snapshots. */
  readonly volumes: readonly { readonly device: string; readonly sizeGiB: number }[];
}
