/** Limits on copies, as data: a raised quota is a change here and nowhere else. */

export interface Quotas {
  /** Image copies, and snapshots of them, that may be on their way into an account and region at a time. */
  destination(account: string, region: string): { readonly copies: number; readonly snapshots: number };
}

/**
 * The quotas of AWS. Snapshots: not in Service Quotas, raised by AWS Support alone (ebs/userguide/ebs-resource-quotas). Image copies: the
 * smallest figure that AWS names (imagebuilder/userguide/cross-account-dist).
 */
export const AWS_QUOTAS: Quotas = { destination: () => ({ copies: 50, snapshots: 20 }) };

/** How copies behave at those limits. */
export const COPYING = {
  /** A copy that failed is removed and started anew this often in all. */
  attempts: 3,
  /** After a throttle or a full quota: first pause; it doubles up to the longest. */
  firstPauseSeconds: 15,
  longestPauseSeconds: 300,
  /** Then the target has failed: with the pauses above, about five hours. */
  postponements: 64,
  /** EC2 may not find a new image at once (AWSEC2/UserGuide/CopyingAMIs), nor know a new permission. */
  settleSeconds: 300,
  /** A slot that its holder never gave back is free after this. */
  slotHours: 12,
} as const;
