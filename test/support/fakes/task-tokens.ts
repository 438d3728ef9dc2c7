import type { TaskTokens } from '../../../shared/ports/task-tokens.ts';

interface Delivery {
  readonly token: string;
  readonly output?: unknown;
  readonly error?: string;
  readonly cause?: string;
}

export interface FakeTokens extends TaskTokens {
  /** A task begins to wait; an earlier one of the same state has ended. */
  open(token: string): void;
  close(token: string): void;
  /** What reached a task that waited. */
  readonly delivered: Delivery[];
}

/** A task takes one answer; every further one finds it closed, as at AWS. */
export function fakeTokens(): FakeTokens {
  const open = new Set<string>();
  const delivered: Delivery[] = [];
  const answer = (delivery: Delivery): 'delivered' | 'closed' => {
    if (!open.delete(delivery.token)) return 'closed';
    delivered.push(delivery);
    return 'delivered';
  };
  return {
    delivered,
    open: (token) => void open.add(token),
    close: (token) => void open.delete(token),
    succeed: async (token, output) => answer({ token, output }),
    fail: async (token, error, cause) => answer({ token, error, cause }),
  };
}
