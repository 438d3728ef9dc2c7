/** Errors of AWS where images are distributed: what goes away by itself, and what a person has to fix. */
import { DistributionFailed, TryLater } from '../domain/base/errors.ts';
import {
  classifyError,
  describeQuota,
  errorName,
  isMendedByTime,
  isNetworkError,
  readHttpStatus,
} from './aws-error-classes.ts';

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

interface RefusalOptions {
  /** Names that mean that there is nothing: the call answers undefined. */
  readonly absent?: readonly string[];
  readonly later?: readonly string[];
  /** What an effect of ours that has not arrived yet looks like, and one that never will. TryLater with the fact `unsettled`: whoever knows the time of that effect ends the waiting. */
  readonly isUnsettled?: (error: Error) => boolean;
}

/** Runs a call; `what` says in the middle of a sentence what it was for. */
export async function callAwsForDistribution<Result>(
  what: string,
  call: () => Promise<Result>,
  options: RefusalOptions = {},
): Promise<Result | undefined> {
  try {
    return await call();
  } catch (error) {
    if (options.absent?.includes(errorName(error)) === true) return undefined;
    throw toDistributionError(what, error, options);
  }
}

function toDistributionError(
  what: string,
  error: unknown,
  { later = [], isUnsettled = () => false }: RefusalOptions,
): unknown {
  if (!(error instanceof Error) || error instanceof TryLater || error instanceof DistributionFailed)
    return error;
  const message = `${what}: ${error.message} (${error.name})`;
  const status = readHttpStatus(error);
  // Without an answer of a service it was the network.
  const passing = isMendedByTime(error) || later.includes(error.name) || status === undefined;
  if (!('$fault' in error) && status === undefined && !isNetworkError(error)) return error;
  if (classifyError(error) === 'quota')
    return new DistributionFailed(`${what}: ${describeQuota(error)}.`, { aws: error.name }, { cause: error });
  if (isUnsettled(error)) return new TryLater(message, { unsettled: true }, { cause: error });
  return passing
    ? new TryLater(message, {}, { cause: error })
    : new DistributionFailed(
        message,
        { aws: error.name, ...(isRegionRefused(error) ? { refused: true } : {}) },
        { cause: error },
      );
}
