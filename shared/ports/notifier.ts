export interface Message {
  /** Fewer than 100 characters, no line breaks (sns PublishInput.Subject). */
  readonly subject: string;
  /** Text for people. */
  readonly text: string;
  /** The same for machines. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Message attributes that subscribers filter on. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Notifier {
  /** To the notification topic: readable text for e-mail, JSON for SQS, HTTP and Lambda subscribers (MessageStructure json). */
  notify(message: Message): Promise<void>;
  /** To the approval topic, for one approver alone (filter policy on the attribute `approver`). */
  askApprover(approver: string, message: Message): Promise<void>;
  /** Addresses whose subscription to the approval topic is confirmed. */
  confirmedApprovers(): Promise<readonly string[]>;
}
