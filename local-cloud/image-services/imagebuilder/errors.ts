import { AwsError } from '../service.ts';

// Codes and statuses from the error shapes of [M:imagebuilder]; texts as the service words them.

export const invalidValue = (parameter: string, reason: string): AwsError =>
  new AwsError(
    'InvalidParameterValueException',
    `The value supplied for parameter '${parameter}' is not valid. ${reason}`,
  );

export const invalidCombination = (reason: string): AwsError =>
  new AwsError('InvalidParameterCombinationException', reason);

export const invalidVersion = (reason: string): AwsError =>
  new AwsError('InvalidVersionNumberException', reason);

export const invalidRequest = (reason: string): AwsError => new AwsError('InvalidRequestException', reason);

export const invalidPaginationToken = (): AwsError =>
  new AwsError('InvalidPaginationTokenException', 'The nextToken is not one that this call has given out.');

export const notFound = (kind: string, arn: string): AwsError =>
  new AwsError(
    'ResourceNotFoundException',
    `The following resource '${kind}' does not exist: '${arn}'.`,
    404,
  );

export const alreadyExists = (kind: string, arn: string): AwsError =>
  new AwsError(
    'ResourceAlreadyExistsException',
    `The following resource '${kind}' already exists: '${arn}'.`,
  );

export const hasDependents = (arn: string, dependents: readonly string[]): AwsError =>
  new AwsError(
    'ResourceDependencyException',
    `Resource dependency error: The resource ARN '${arn}' has other resources depended on it: ${dependents.join(', ')}.`,
  );

export const quotaExceeded = (what: string, limit: number): AwsError =>
  new AwsError('ServiceQuotaExceededException', `The limit of ${limit} ${what} has been reached.`, 402);

export const tokenMismatch = (token: string): AwsError =>
  new AwsError(
    'IdempotentParameterMismatchException',
    `The client token '${token}' was used before with other parameters.`,
  );

/** The success of a dry run [M:DryRunOperationException]. */
export const dryRunSucceeded = (): AwsError =>
  new AwsError('DryRunOperationException', 'The request would have succeeded, but dryRun is set.', 412);

export const notImplemented = (what: string): AwsError =>
  new AwsError(
    'NotImplementedByLocalCloud',
    `${what} is not part of the local cloud. Run this against AWS.`,
    501,
  );
