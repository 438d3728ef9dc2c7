/** The message of an error that a state machine caught: the cause of a failed Lambda task is the error as JSON (step-functions/dg/connect-lambda). */
export function readErrorMessage(cause: string): string {
  return /"errorMessage":"((?:[^"\\]|\\.)*)"/.exec(cause)?.[1] ?? cause;
}
