/** Every code that a log line may carry. Dashboards, alarms and the runbook search for these, so a code never changes its meaning. */
export const LOG_EVENTS = [
  /** The function threw; `error` has name, message and stack. */
  'function-failed',
  /** A domain error ended the call as the caller expects it; state machines catch it by name. */
  'domain-error',
  /** One message of a batch failed and comes again. */
  'message-failed',
  /** One message of a batch can never be understood; it is acknowledged. */
  'message-invalid',
  'hint-ignored',
  'selector-changed',
  'selector-unresolved',
  'bake-started',
  'bake-held',
  'pipeline-up-to-date',
  /** Asked to plan a pipeline that was deleted. */
  'pipeline-deleted',
  'bake-superseded',
  'wait-checked',
  'task-completed',
  'events-published',
  'resync-done',
  'sweep-done',
  'sweep-part-failed',
  /** A subscription to the approval topic would bring an approver's link to somebody else. */
  'foreign-subscription',
  'attempt-ended',
  'clean-up-done',
  'copies-advanced',
  'pointers-moved',
  'released',
  'approval-requested',
  'approval-decided',
  'request-served',
] as const;
export type LogEvent = (typeof LOG_EVENTS)[number];
