/** How much may start without a person, and at once. */
export interface Limits {
  /** Bakes of the account at once; one that waits for its approval does not count. */
  readonly bakes: number;
  /** The same for each team. */
  readonly bakesOfTeam: number;
  /** Images that one change may lead to; a larger wave waits for a person. */
  readonly wave: number;
}
