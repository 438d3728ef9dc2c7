/** What EC2 tells of an instance type (ec2 InstanceTypeInfo). */
export interface InstanceType {
  readonly name: string;
  readonly architectures: readonly string[];
  readonly bootModes: readonly string[];
}

/** Used where a definition names none: an image starts on types of its architecture alone (AWSEC2/UserGuide/instance-types, compatibility). */
export const DEFAULT_INSTANCE_TYPES = {
  build: { x86_64: 't3.medium', arm64: 't4g.medium' },
  tests: { x86_64: 't3.small', arm64: 't4g.small' },
} as const;
