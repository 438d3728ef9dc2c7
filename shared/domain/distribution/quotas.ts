/** Limits of AWS that the product keeps within, as data: a raised quota is a change here and nowhere else. */
export const QUOTAS = {
  /** Snapshots being copied into one account and region at a time; not in Service Quotas, raised by AWS Support alone (ebs/userguide/ebs-resource-quotas). */
  snapshotCopiesPerDestination: 20,
  /** Image copies into one account and region at a time; the smallest figure that AWS names (imagebuilder/userguide/cross-account-dist). */
  imageCopiesPerDestination: 50,
} as const;

/** How the product behaves at those limits. */
export const COPYING = {
  /** A copy that failed is removed and started anew this often in all. */
  attempts: 3,
  /** After a throttle or a full quota: first pause; it doubles up to the longest. */
  firstPauseSeconds: 15,
  longestPauseSeconds: 300,
  /** Then the target has failed: with the pauses above, about five hours. */
  postponements: 64,
  /** EC2 may not know an image at once that it has just told us of (AWSEC2/UserGuide/CopyingAMIs). */
  settleSeconds: 300,
  /** A slot whose holder never gave it back is free after this. */
  slotHours: 12,
} as const;
