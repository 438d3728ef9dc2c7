import type { Message, Notifier } from '../../../shared/ports/notifier.ts';

export interface FakeNotifier extends Notifier {
  readonly notified: Message[];
  readonly asked: { approver: string; message: Message }[];
  confirmed: string[];
}

/** Keeps what was sent; `confirmed` are the addresses that took up their subscription. */
export function fakeNotifier(confirmed: readonly string[] = []): FakeNotifier {
  const fake: FakeNotifier = {
    notified: [],
    asked: [],
    confirmed: [...confirmed],
    async notify(message) {
      fake.notified.push(message);
    },
    async askApprover(approver, message) {
      fake.asked.push({ approver, message });
    },
    async confirmedApprovers() {
      return fake.confirmed;
    },
  };
  return fake;
}
