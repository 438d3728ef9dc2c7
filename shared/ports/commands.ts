export interface Commands {
  /** Runs shell lines on the instance. `comment` is shown at AWS (at most 100 characters). */
  send(request: {
    instance: string;
    script: string;
    timeoutSeconds: number;
    comment: string;
  }): Promise<{ command: string }>;
  status(
    command: string,
    instance: string,
  ): Promise<
    | { state: 'running' }
    | {
        state: 'ended';
        status: 'passed' | 'failed' | 'timed-out';
        exitCode?: number;
        stdout: string;
        stderr: string;
      }
  >;
}
