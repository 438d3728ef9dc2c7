/** What a paused task waits for, by kind. What a kind means is here; how its resource is read is in use-cases/waits/kinds. */
import * as z from 'zod';

/** What the task ends with: success with data, or a failure with an error name. */
export const WaitOutcomeSchema = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('success'), output: z.unknown() }),
    z.object({ kind: z.literal('failure'), error: z.string(), cause: z.string() }),
  ]),
);
export type WaitOutcome = z.infer<typeof WaitOutcomeSchema>;

/** The resource that is waited for, or an image whose row names the wait (`keys.imageWait`). */
export type Hint = { readonly resource: string } | { readonly imageId: string };

export interface WaitKind {
  readonly name: string;
  /** True for a resource whose events may not reach this account or do not exist: it is read again soon, then at growing intervals. */
  readonly polled: boolean;
  /** The resource that an event of EventBridge names; undefined for every other event. */
  wakesOn?(event: unknown): Hint | undefined;
  /** What the task ends with when the wait has expired. */
  onTimeout(resource: string): WaitOutcome;
}

export function toSuccess(output: unknown): WaitOutcome {
  return { kind: 'success', output };
}

export function toFailure(error: string, cause: string): WaitOutcome {
  return { kind: 'failure', error, cause };
}
