/** Sorts what AWS throws into what goes away by itself and what a person has to fix. */
import { DistributionFailed, TryLater } from '../domain/base/errors.ts';
import { errorName, isNetworkError, readHttpStatus } from './aws-client.ts';

/** ec2/devguide/ec2-api-throttling, AWSEC2/APIReference/errors-overview; quotas that are in use for now count as throttles (ebs/userguide/ebs-resource-quotas). */
const TRANSIENT_ERRORS = new Set([
  'RequestLimitExceeded',
  'ResourceLimitExceeded',
  'SnapshotCopyLimitExceeded',
  'ConcurrentSnapshotLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TooManyUpdates',
  'ServiceUnavailable',
  'Unavailable',
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'KMSInternalException',
  'DependencyTimeoutException',
  'RequestTimeout',
  'TimeoutError',
]);

/** What a Region answers that is not enabled in the account (AWSEC2/APIReference/errors-overview). */
const REGION_DISABLED_ERRORS = new Set(['AuthFailure', 'OptInRequired']);
/** Says so of a Region that the organization denies; a role that lacks a right is told otherwise (IAM/latest/UserGuide/troubleshoot_access-denied). */
const DENIED_BY_ORGANIZATION = /explicit deny in a service control policy/i;

function isRegionRefused({ name, message }: Error): boolean {
  return (
    REGION_DISABLED_ERRORS.has(name) ||
    (name === 'UnauthorizedOperation' && DENIED_BY_ORGANIZATION.test(message))
  );
}

/** Runs a call; `what` says in the middle of a sentence what it was for. Names in `absent` mean that there is nothing: answers undefined. */
export async function callAwsForDistribution<Result>(
  what: string,
  call: () => Promise<Result>,
  options: { readonly absent?: readonly string[]; readonly later?: readonly string[] } = {},
): Promise<Result | undefined> {
  try {
    return await call();
  } catch (error) {
    if (options.absent?.includes(errorName(error)) === true) return undefined;
    throw toDistributionError(what, error, options.later ?? []);
  }
}

function toDistributionError(what: string, error: unknown, later: readonly string[]): unknown {
  if (!(error instanceof Error) || error instanceof TryLater || error instanceof DistributionFailed)
    return error;
  const message = `${what}: ${error.message} (${error.name})`;
  const status = readHttpStatus(error);
  // Without an answer of a service it was the network.
  const passing =
    TRANSIENT_ERRORS.has(error.name) || later.includes(error.name) || status === undefined || status >= 500;
  if (!('$fault' in error) && status === undefined && !isNetworkError(error)) return error;
  return passing
    ? new TryLater(message, {}, { cause: error })
    : new DistributionFailed(
        message,
        { aws: error.name, ...(isRegionRefused(error) ? { refused: true } : {}) },
        { cause: error },
      );
}
