import type { Timer } from '../clock.ts';

export type InvocationStatus =
  | 'Pending'
  | 'InProgress'
  | 'Success'
  | 'Failed'
  | 'TimedOut'
  | 'Cancelling'
  | 'Cancelled';

/** Progress of a command on one instance. */
export interface Invocation {
  readonly instanceId: string;
  status: InvocationStatus;
  /** More precise than the status, e.g. `ExecutionTimedOut`. */
  statusDetails: string;
  responseCode: number;
  stdout: string;
  stderr: string;
  startedAt?: Date | undefined;
  endedAt?: Date | undefined;
  timer?: Timer | undefined;
}

export interface Command {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly documentName: string;
  readonly comment: string;
  readonly parameters: Record<string, string[]>;
  readonly instanceIds: readonly string[];
  readonly targets: readonly { key: string; values: readonly string[] }[];
  readonly timeoutSeconds: number;
  readonly executionTimeout: number;
  readonly requestedAt: Date;
  readonly expiresAfter: Date;
  /** On the scale of the clock's `elapsed()`; before that GetCommandInvocation does not know it. */
  readonly visibleAt: number;
  readonly invocations: Invocation[];
  /** The last status that was announced by an event. */
  announced: InvocationStatus;
}

export const ended = (status: InvocationStatus): boolean =>
  status === 'Success' || status === 'Failed' || status === 'TimedOut' || status === 'Cancelled';

/** The command's own status, from those of its invocations [D:systems-manager/userguide/monitor-commands]. */
export const summarizeStatus = ({ invocations }: Command): InvocationStatus => {
  const statuses = invocations.map((invocation) => invocation.status);
  if (statuses.length > 0 && statuses.every((status) => status === 'Pending')) return 'Pending';
  if (statuses.some((status) => status === 'Cancelling')) return 'Cancelling';
  if (!statuses.every(ended)) return 'InProgress';
  return (
    (['Failed', 'TimedOut', 'Cancelled'] as const).find((status) => statuses.includes(status)) ?? 'Success'
  );
};
