/** How long things take, in AWS seconds. Typical values, not promises of AWS; a scenario scales them by `speed`. */
export interface Timings {
  /** CreateImage and RegisterImage until `available`. */
  createImage: number;
  /** CopyImage and CopySnapshot until `available` / `completed`. */
  copy: number;
  /** A copy with a bad key fails after this. */
  copyFailure: number;
  createSnapshot: number;
  /** `pending` to `running`. */
  launch: number;
  /** `running` until both status checks are `ok`. */
  statusChecks: number;
  stop: number;
  terminate: number;
  /** Terminated instances stay visible for about an hour on AWS. */
  terminatedVisible: number;
  /** Image Builder: BUILDING, and the launch and run of a test instance. */
  build: number;
  test: number;
  distribute: number;
  /** Run Command until an answer, and until an unanswered command times out is the command's own time-out. */
  command: number;
  /** `running` until the instance is online in Systems Manager. */
  managed: number;
}

export const DEFAULT_TIMINGS: Timings = {
  createImage: 180,
  copy: 300,
  copyFailure: 60,
  createSnapshot: 120,
  launch: 20,
  statusChecks: 60,
  stop: 30,
  terminate: 30,
  terminatedVisible: 3600,
  build: 600,
  test: 30,
  distribute: 60,
  command: 5,
  managed: 30,
};
