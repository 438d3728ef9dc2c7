/** What all SDK clients share. Connections are kept alive by the SDK itself (sdk-for-javascript/v3/developer-guide/node-reusing-connections). */
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { TryLater } from '../domain/base/errors.ts';
import { isMendedByTime } from './aws-error-classes.ts';

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

/** Gives throttling and faults of AWS their domain name; everything else stays what it is. */
export function toTryLater(error: unknown): unknown {
  if (!(error instanceof Error) || !isMendedByTime(error)) return error;
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
