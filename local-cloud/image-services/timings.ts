/** Durations in AWS seconds. Typical values, not promises of AWS; a scenario scales them by `speed`. */
export interface Timings {
  /** CreateImage until `available`. */
  createImage: number;
  /** RegisterImage until `available`: there is nothing to copy. */
  registerImage: number;
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
  /** Image Builder, one per state: PENDING, CREATING (the build instance starts), BUILDING until the AMI is created ... */
  buildPending: number;
  buildCreate: number;
  build: number;
  /** Image Builder's limit for its step InventoryCollection. */
  inventoryTimeout: number;
  /** ... TESTING: launch and run of a test instance, DISTRIBUTING in the build Region, INTEGRATING. */
  test: number;
  distribute: number;
  integrate: number;
  /** Interval and limit of a build's wait for its AMI. */
  buildPoll: number;
  buildImageWait: number;
  /** From CancelImageCreation to CANCELLED, and from StartResourceStateUpdate to the new state. */
  buildCancel: number;
  stateUpdate: number;
  /** From SendCommand until GetCommandInvocation knows the invocation, and until the agent has picked it up. */
  commandVisible: number;
  commandDelivery: number;
  /** From delivery to the result of a command; a command without a declared result ends after its own timeout. */
  command: number;
  commandCancel: number;
  /** `running` until the instance is online in Systems Manager. */
  managed: number;
}

export const DEFAULT_TIMINGS: Timings = {
  createImage: 180,
  registerImage: 2,
  copy: 300,
  copyFailure: 60,
  createSnapshot: 120,
  launch: 20,
  statusChecks: 60,
  stop: 30,
  terminate: 30,
  terminatedVisible: 3600,
  buildPending: 5,
  buildCreate: 30,
  build: 400,
  inventoryTimeout: 1800,
  test: 120,
  distribute: 60,
  integrate: 10,
  buildPoll: 5,
  buildImageWait: 3600,
  buildCancel: 20,
  stateUpdate: 10,
  commandVisible: 1,
  commandDelivery: 2,
  command: 5,
  commandCancel: 3,
  managed: 30,
};
