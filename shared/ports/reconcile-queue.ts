export interface ReconcileQueue {
  /** Requests that the pipelines are reconciled once the delay is over (SQS: at most 900 s; the sweep handles longer delays). */
  send(requests: readonly { pipeline: string; delaySeconds: number }[]): Promise<void>;
}
