export interface ReconcileQueue {
  /** Asks for the pipelines to be planned, not before the delay is over (SQS: at most 900 s; the sweep does what is longer). */
  send(requests: readonly { pipeline: string; delaySeconds: number }[]): Promise<void>;
}
