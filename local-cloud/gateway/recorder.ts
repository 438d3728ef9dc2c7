/** One IAM action of a call, on the resource that the request names. */
export interface RecordedAction {
  action: string;
  resource: string;
  /** Condition keys that the request carries, where they decide; a list where a key has many values. */
  context?: Record<string, string | string[]>;
}

/** A call that came through the gateway. */
export interface RecordedCall {
  seq: number;
  /** ISO time of its arrival. */
  at: string;
  /** Arrival by a monotonic clock, in milliseconds with a fraction; only differences have a meaning. */
  ticks: number;
  /** The name that the request was signed for, e.g. `dynamodb`, `states`; `http` for unsigned requests. */
  service: string;
  operation: string;
  account: string;
  region: string;
  /** Role session, user or root ARN; `anonymous` for unsigned requests. */
  principal: string;
  actions: RecordedAction[];
  /** HTTP status; 0 when the caller was killed before the call was carried out. */
  status: number;
  errorCode?: string;
  /** Id of the fault that was injected. */
  fault?: string;
}

export interface Recorder {
  record(call: Omit<RecordedCall, 'seq'>): void;
  /** Calls with a number above `after`, oldest first. */
  after(seq: number): RecordedCall[];
}

export function createRecorder(): Recorder {
  const calls: RecordedCall[] = [];
  return {
    record(call) {
      calls.push({ seq: calls.length + 1, ...call });
    },
    // The number of a call is its position in the list.
    after: (seq) => calls.slice(Math.max(0, seq)),
  };
}
