/** Errors of AWS where images are built and tested. What they mean: aws-error-classes.ts. */
import { BuildFailed, TryLater } from '../domain/base/errors.ts';
import { classifyError, describeQuota, errorName } from './aws-error-classes.ts';

export function isError(error: unknown, ...names: readonly string[]): boolean {
  return names.includes(errorName(error));
}

/** The answer of a call; undefined where it ends in one of these errors. */
export async function ignoreErrors<Result>(
  names: readonly string[],
  call: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isError(error, ...names)) return undefined;
    throw error;
  }
}

/** Runs an operation. What time mends becomes TryLater; a quota of what is kept fails the build with its name and what to do. */
export async function callAwsForBuild<Result>(
  operation: string,
  call: () => Promise<Result>,
): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw toBuildError(operation, error);
  }
}

function toBuildError(operation: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TryLater) return error;
  const options = { cause: error };
  switch (classifyError(error, operation)) {
    case 'theirs':
      return new TryLater(`AWS asked to try again later: ${error.name}: ${error.message}`, {}, options);
    case 'in-use':
      return new TryLater(`${operation} has to wait: ${error.name}: ${error.message}`, {}, options);
    case 'quota':
      return new BuildFailed(`${operation}: ${describeQuota(error, operation)}.`, {}, options);
    case 'ours':
      return error;
  }
}
