/** Only the function `complete-task` has it. Answers `closed` when the task had ended already (TaskTimedOut, TaskDoesNotExist). */
export interface TaskTokens {
  succeed(token: string, output: unknown): Promise<'delivered' | 'closed'>;
  fail(token: string, error: string, cause: string): Promise<'delivered' | 'closed'>;
}
