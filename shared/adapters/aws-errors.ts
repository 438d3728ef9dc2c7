/** Errors of AWS where images are built and tested: what passes by itself besides throttling, and what is gone. */
import { TryLater } from '../domain/base/errors.ts';
import { errorName, toTryLater } from './aws-client.ts';

/**
 * Quotas and capacity that are in use for now, and resources that are being changed (docs/aws/image-builder.md#tokens-errors-and-pages; AWSEC2/APIReference/errors-overview).
 */
const CAPACITY_ERRORS = new Set([
  'ServiceQuotaExceededException',
  'ResourceInUseException',
  'InsufficientInstanceCapacity',
  'InstanceLimitExceeded',
  'VcpuLimitExceeded',
]);

export function isError(error: unknown, ...names: readonly string[]): boolean {
  return names.includes(errorName(error));
}

/** Runs a call and turns what will pass by itself into TryLater. */
export async function callAwsForBuild<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (!CAPACITY_ERRORS.has(errorName(error))) throw toTryLater(error);
    const message = error instanceof Error ? error.message : '';
    throw new TryLater(`${what} has to wait: ${errorName(error)}: ${message}`, {}, { cause: error });
  }
}
