import type { WakeQueue } from '../../../shared/ports/wake-queue.ts';

export interface FakeWakeQueue extends WakeQueue {
  readonly messages: { wait: string; round: number; delaySeconds: number }[];
}

export function fakeWakeQueue(): FakeWakeQueue {
  const messages: FakeWakeQueue['messages'] = [];
  return {
    messages,
    send: async (message, delaySeconds) => void messages.push({ ...message, delaySeconds }),
  };
}
