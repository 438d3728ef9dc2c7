/** What all SDK clients share. Connections are kept alive by the SDK itself (sdk-for-javascript/v3/developer-guide/node-reusing-connections). */
import { TryLater } from '../domain/errors.ts';

export const clientDefaults = {
  retryMode: 'standard',
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 2000, requestTimeout: 15_000 },
} as const;

/** Names that AWS services give to throttling and to faults of their own; all are worth another try, later. */
const RETRYABLE = new Set([
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

/** What the SDK knows of an error beside its name (sdk-for-javascript/v3, ServiceException). */
interface ServiceFault extends Error {
  readonly $retryable?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Gives throttling and faults of AWS their domain name; everything else stays what it is. */
export function translated(error: unknown): unknown {
  if (!(error instanceof Error) || !passes(error)) return error;
  return new TryLater(`AWS asked to try again later: ${error.name}: ${error.message}`, {}, { cause: error });
}

function passes({ name, $retryable, $metadata }: ServiceFault): boolean {
  return RETRYABLE.has(name) || $retryable !== undefined || ($metadata?.httpStatusCode ?? 0) >= 500;
}

/** Calls AWS and translates what it throws. */
export async function calling<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw translated(error);
  }
}
