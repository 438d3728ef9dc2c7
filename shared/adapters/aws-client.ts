/** What all SDK clients share. Connections are kept alive by the SDK itself (sdk-for-javascript/v3/developer-guide/node-reusing-connections). */
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { TryLater } from '../domain/base/errors.ts';

/**
 * Before it hands out an answer the SDK prepares what a logger's `info` could want: the whole input and the whole answer, without what is
 * sensitive. It does so for the logger that it brings itself, too, which drops it all; for one without `info` it does not (`loggerMiddleware` of @aws-sdk/core).
 */
const SILENT_LOGGER = { debug: () => {}, warn: () => {} };

export const clientDefaults = {
  logger: SILENT_LOGGER as unknown as NonNullable<DynamoDBClientConfig['logger']>,
  retryMode: 'standard',
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 2000, requestTimeout: 15_000 },
} as const;

/** Names of throttling and of faults that pass, where neither status nor trait tells: those of old services come with 400. */
const TRANSIENT_ERRORS = new Set([
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'ProvisionedThroughputExceededException',
  'CallRateLimitExceededException',
  'LimitExceededException',
  'ServiceUnavailableException',
  'ServiceUnavailable',
  'Unavailable',
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'InternalServerException',
  'ServiceException',
  'ServerException',
  'SlowDown',
  'RequestTimeout',
  'TimeoutError',
  'ECONNRESET',
]);

export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

export function readHttpStatus(error: Error): number | undefined {
  if (!('$metadata' in error) || typeof error.$metadata !== 'object' || error.$metadata === null)
    return undefined;
  const status = 'httpStatusCode' in error.$metadata ? error.$metadata.httpStatusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}

export function isNetworkError(error: Error): boolean {
  return (
    'code' in error &&
    typeof error.code === 'string' &&
    /^(?:E[A-Z]+|EAI_[A-Z]+|UND_ERR_.*)$/.test(error.code)
  );
}

/** Services name new faults as they like; the status says whose fault it is, and the SDK marks what its models call retryable. */
function isTransient(error: Error): boolean {
  const status = readHttpStatus(error) ?? 0;
  const isMarked = '$retryable' in error && error.$retryable !== undefined;
  return (
    TRANSIENT_ERRORS.has(error.name) || isMarked || status === 429 || status >= 500 || isNetworkError(error)
  );
}

/** Gives throttling and faults of AWS their domain name; everything else stays what it is. */
export function toTryLater(error: unknown): unknown {
  if (!(error instanceof Error) || !isTransient(error)) return error;
  return new TryLater(`AWS asked to try again later: ${error.name}: ${error.message}`, {}, { cause: error });
}

/** Calls AWS and translates what it throws. */
export async function callAws<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw toTryLater(error);
  }
}
