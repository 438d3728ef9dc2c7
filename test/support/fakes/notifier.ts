import type { ForeignSubscription } from '../../../shared/domain/approval/subscriptions.ts';
import type { Notification } from '../../../shared/domain/notifications/messages.ts';
import type { Notifier } from '../../../shared/ports/notifier.ts';

export interface FakeNotifier extends Notifier {
  readonly notified: Notification[];
  readonly asked: { approver: string; message: Notification }[];
  confirmed: string[];
  foreign: ForeignSubscription[];
}

/** Keeps what was sent; `confirmed` are the addresses that took up their subscription. */
export function fakeNotifier(confirmed: readonly string[] = []): FakeNotifier {
  const fake: FakeNotifier = {
    notified: [],
    asked: [],
    confirmed: [...confirmed],
    foreign: [],
    async notify(message) {
      fake.notified.push(message);
    },
    async askApprover(approver, message) {
      fake.asked.push({ approver, message });
    },
    async readSubscriptions() {
      return { confirmed: fake.confirmed, foreign: fake.foreign };
    },
  };
  return fake;
}
