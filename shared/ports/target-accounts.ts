export interface TargetRegion {
  readonly account: string;
  readonly region: string;
}

/** An account whose target role cannot be assumed. */
export interface ClosedAccount {
  readonly account: string;
  readonly problem: string;
}

/** Accounts that this installation may distribute to. */
export interface TargetAccounts {
  /** False for an account that the installation's role may not enter, whatever that account has. */
  includes(account: string): boolean;
  /**
   * Those of the accounts whose target role cannot be assumed. Where the installation lists its accounts there are none: the list lets an account in
   * before it is onboarded, and preflight looks at it.
   */
  findClosed(targets: readonly TargetRegion[]): Promise<readonly ClosedAccount[]>;
}
