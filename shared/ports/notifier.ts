import type { ApproverSubscriptions } from '../domain/approval/subscriptions.ts';
import type { Notification } from '../domain/notifications/messages.ts';

export interface Notifier {
  /** To the notification topic: readable text for e-mail, JSON for SQS, HTTP and Lambda subscribers (MessageStructure json). */
  notify(message: Notification): Promise<void>;
  /** To the approval topic, for one approver alone (filter policy on the attribute `approver`). */
  askApprover(approver: string, message: Notification): Promise<void>;
  /** Confirmed subscriptions to the approval topic, by whose links they bring where. */
  readSubscriptions(): Promise<ApproverSubscriptions>;
}
