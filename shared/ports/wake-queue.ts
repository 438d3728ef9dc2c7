/** Messages that we send to ourselves on the queue that also takes the events of what we wait for. */
export interface WakeQueue {
  /** Asks for one wait to be looked at again, not before the delay is over (SQS: at most 900 s). `round` counts looks in vain. */
  send(message: { wait: string; round: number }, delaySeconds: number): Promise<void>;
}
