/**
 * What an error of AWS means, in one place: whether time mends it, which quota stands in the way, or whether it is ours. Sources: docs/aws/README.md,
 * the pages on each service; AWSEC2/APIReference/errors-overview; ec2/devguide/ec2-api-throttling. What a call takes as "there is nothing" or as
 * an effect of ours that is on its way stands with that call.
 */

/**
 * `theirs`: a throttle or a fault of AWS. `in-use`: capacity or a quota that others use at this moment, or a resource that is being changed. Time
 * mends both. `quota`: of what is kept until somebody deletes it. `ours`: the request, a right, or something that is not there.
 */
export type ErrorClass = 'theirs' | 'in-use' | 'quota' | 'ours';

/** Where neither status nor trait tells: those of old services come with 400. */
const THEIRS = new Set([
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'ProvisionedThroughputExceededException',
  'CallRateLimitExceededException',
  'KMSThrottlingException',
  'KmsThrottlingException',
  'KmsThrottled',
  'LimitExceededException',
  'ServiceUnavailableException',
  'ServiceUnavailable',
  'Unavailable',
  'InternalError',
  'InternalErrorException',
  'InternalException',
  'InternalFailure',
  'InternalServerError',
  'InternalServerException',
  'KMSInternalException',
  'KeyUnavailableException',
  'DependencyTimeoutException',
  'ServiceException',
  // Of IAM.
  'ServiceFailure',
  'ServiceFailureException',
  'ServerException',
  'SlowDown',
  'RequestTimeout',
  'TimeoutError',
  'ECONNRESET',
]);

const IN_USE = new Set([
  'ResourceInUseException',
  // A function of Lambda that is being deployed.
  'ResourceConflictException',
  'ResourceNotReadyException',
  'TooManyUpdates',
  'InsufficientInstanceCapacity',
  'InstanceLimitExceeded',
  'VcpuLimitExceeded',
  'ResourceLimitExceeded',
  'SnapshotCopyLimitExceeded',
  'ConcurrentSnapshotLimitExceeded',
  'ExecutionLimitExceeded',
]);

/** There is no room for an instance at one place; another zone, subnet or type may have it (AWSEC2/APIReference/errors-overview). */
const SHORTAGES = new Set([
  'InsufficientInstanceCapacity',
  'InsufficientHostCapacity',
  'InsufficientCapacity',
  'InsufficientFreeAddressesInSubnet',
  'InstanceLimitExceeded',
  'VcpuLimitExceeded',
  'NetworkInterfaceLimitExceeded',
  'Unsupported',
]);

export function isShortageName(name: string): boolean {
  return SHORTAGES.has(name);
}

/** The same where only words tell it, as in the reason of a build: EC2's name of the error, or its sentence. */
const SHORTAGE_WORDS = [
  ...[...SHORTAGES].filter((name) => name !== 'Unsupported').map((name) => `\\b${name}\\b`),
  'do(?:es)? not have sufficient [a-z0-9.-]* ?capacity',
  'more vCPU capacity than your current vCPU limit',
  'not supported in your requested Availability Zone',
  'enough free addresses',
];
const SHORTAGE_MESSAGE = new RegExp(SHORTAGE_WORDS.join('|'), 'i');

export function isShortageMessage(message: string): boolean {
  return SHORTAGE_MESSAGE.test(message);
}

interface Quota {
  readonly name: string;
  readonly remedy: string;
}

const RAISE = 'or ask for more at Service Quotas';
/** Quotas of what is kept. `ServiceQuotaExceededException` names none, so the call does. */
const QUOTAS: Readonly<Record<string, Quota>> = {
  ParameterLimitExceeded: {
    name: 'parameters in a Region',
    remedy: `Delete parameters that nobody reads, ${RAISE}`,
  },
  ParameterMaxVersionLimitExceeded: {
    name: 'versions of a parameter',
    remedy:
      'The oldest version has a label, which keeps it: move the label with aws ssm label-parameter-version',
  },
  SnapshotLimitExceeded: { name: 'EBS snapshots', remedy: `Delete snapshots that nothing uses, ${RAISE}` },
  'ServiceQuotaExceededException CreateImageRecipe': {
    name: 'image recipes of EC2 Image Builder in a Region',
    remedy: `Delete recipes that nothing uses (aws imagebuilder list-image-recipes), ${RAISE}`,
  },
  'ServiceQuotaExceededException CreateInfrastructureConfiguration': {
    name: 'infrastructure configurations of EC2 Image Builder in a Region',
    remedy: `Delete configurations that nothing uses (aws imagebuilder list-infrastructure-configurations), ${RAISE}`,
  },
};
/** CreateImage has a quota of builds at a time and one of images; builds end, and the answer does not say which one it is. */
const COUNTS_WHAT_RUNS = new Set(['CreateImage']);

/** Services name new faults as they like; the status says whose fault it is, and the SDK marks what its models call retryable. */
export function classifyError(error: Error, operation = ''): ErrorClass {
  const { name } = error;
  const status = readHttpStatus(error) ?? 0;
  const isMarked = '$retryable' in error && error.$retryable !== undefined;
  if (name === 'ServiceQuotaExceededException') return COUNTS_WHAT_RUNS.has(operation) ? 'in-use' : 'quota';
  if (Object.hasOwn(QUOTAS, name)) return 'quota';
  if (IN_USE.has(name)) return 'in-use';
  if (THEIRS.has(name) || isMarked || status === 429 || status >= 500 || isNetworkError(error))
    return 'theirs';
  return 'ours';
}

export function isMendedByTime(error: Error, operation?: string): boolean {
  return ['theirs', 'in-use'].includes(classifyError(error, operation));
}

/** Which quota is used up and what to do, for an error of the class `quota`. */
export function describeQuota(error: Error, operation = ''): string {
  const quota = QUOTAS[error.name] ?? QUOTAS[`${error.name} ${operation}`];
  if (quota === undefined)
    return `A quota is used up (${error.message}), and time does not mend it. See Service Quotas`;
  return `The quota of ${quota.name} is used up (${error.message}), and time does not mend it. ${quota.remedy}`;
}

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
