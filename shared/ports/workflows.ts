export interface ExecutionStatus {
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly error?: string;
  readonly cause?: string;
}

export interface Workflows {
  /** Starts the bake machine. Same name and input again finds the first execution, ended or not. Returns its ARN. */
  startBake(name: string, input: { bake: string; attempt: number }): Promise<string>;
  /** Stopping an execution that has ended, or that never was, is no error. */
  stop(execution: string, reason: string): Promise<void>;
  describe(execution: string): Promise<ExecutionStatus | undefined>;
  /** ARN that an execution of that name has, whether it runs or not. `machine` is the short name, such as `bake` or `build`. */
  executionArn(machine: string, name: string): string;
}
