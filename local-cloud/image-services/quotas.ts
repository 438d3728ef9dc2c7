/** Limits of EC2 and EBS (docs/aws/quotas.md#ec2-and-ebs). */
export const EC2_QUOTAS = {
  /** Snapshot copies in progress per account and destination Region [D:ebs/userguide/ebs-resource-quotas]. */
  snapshotCopies: 20,
  /** Accounts, organisations and units that one AMI is shared with [D:ami-quotas]. */
  sharingEntities: 1000,
  /** Changes of snapshot permissions per call [M:op ModifySnapshotAttribute]. */
  snapshotModifications: 500,
  tagsPerResource: 50,
  launchTemplateVersions: 10_000,
} as const;

export interface BucketSize {
  capacity: number;
  perSecond: number;
}

const NON_MUTATING: BucketSize = { capacity: 100, perSecond: 20 };
const MUTATING: BucketSize = { capacity: 50, perSecond: 5 };
const UNCATEGORIZED_FAST: BucketSize = { capacity: 100, perSecond: 5 };
const UNFILTERED: BucketSize = { capacity: 50, perSecond: 10 };

/** Token buckets of single operations, per account and Region [D:ec2/devguide/ec2-api-throttling]. */
const BUCKETS: Readonly<Record<string, BucketSize>> = {
  CopyImage: { capacity: 100, perSecond: 1 },
  ModifyImageAttribute: UNCATEGORIZED_FAST,
  ModifySnapshotAttribute: UNCATEGORIZED_FAST,
  DeregisterImage: UNCATEGORIZED_FAST,
  DeleteSnapshot: UNCATEGORIZED_FAST,
  CreateTags: { capacity: 100, perSecond: 10 },
  RunInstances: { capacity: 5, perSecond: 2 },
  TerminateInstances: UNCATEGORIZED_FAST,
  CreateLaunchTemplateVersion: UNCATEGORIZED_FAST,
  ModifyLaunchTemplate: UNCATEGORIZED_FAST,
};

/** Operations with a smaller bucket when called without filter, ids or page size. DescribeImages is not among them. */
const SMALLER_UNFILTERED = new Set(['DescribeInstances', 'DescribeSnapshots', 'DescribeVolumes']);

export function findBucket(operation: string, unfiltered: boolean): { name: string; size: BucketSize } {
  const own = BUCKETS[operation];
  if (own) return { name: operation, size: own };
  if (unfiltered && SMALLER_UNFILTERED.has(operation))
    return { name: `${operation} unfiltered`, size: UNFILTERED };
  return { name: operation, size: /^(Describe|Get|List)/.test(operation) ? NON_MUTATING : MUTATING };
}
