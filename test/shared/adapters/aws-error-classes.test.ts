import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { classifyError, describeQuota, type ErrorClass } from '../../../shared/adapters/aws-error-classes.ts';
import { callAwsForBuild } from '../../../shared/adapters/aws-errors.ts';
import { callAwsForDistribution } from '../../../shared/adapters/aws-refusals.ts';

const ROOT = join(__dirname, '..', '..', '..');

/** Every error that the service models name for the calls of the adapters. A call with another one fails the first test: class it here. */
const MODELLED: Record<ErrorClass, readonly string[]> = {
  theirs: [
    'CallRateLimitExceededException',
    'DependencyTimeoutException',
    'InternalErrorException',
    'InternalException',
    'InternalServerError',
    'InternalServerException',
    'KMSInternalException',
    'KMSThrottlingException',
    'KeyUnavailableException',
    'KmsThrottled',
    'KmsThrottlingException',
    'RequestThrottled',
    'ServerException',
    'ServiceException',
    'ServiceFailureException',
    'ServiceUnavailableException',
    'ThrottlingException',
    'TooManyRequestsException',
  ],
  'in-use': [
    'ExecutionLimitExceeded',
    'ResourceConflictException',
    'ResourceInUseException',
    'ResourceNotReadyException',
    'TooManyUpdates',
  ],
  quota: ['ParameterLimitExceeded', 'ParameterMaxVersionLimitExceeded', 'ServiceQuotaExceededException'],
  ours: [
    'AuthorizationErrorException',
    'BatchEntryIdsNotDistinct',
    'BatchRequestTooLong',
    'ClientException',
    'DisabledException',
    'DryRunOperationException',
    'DuplicateInstanceId',
    'EmptyBatchRequest',
    'EncryptionTypeMismatch',
    'EndpointDisabledException',
    'ExecutionAlreadyExists',
    'ExecutionDoesNotExist',
    'ExpiredTokenException',
    'ForbiddenException',
    'HierarchyLevelLimitExceededException',
    'HierarchyTypeMismatchException',
    'IdempotentParameterMismatchException',
    'ImageNotFoundException',
    'IncompatiblePolicyException',
    'InvalidAddress',
    'InvalidAllowedPatternException',
    'InvalidArn',
    'InvalidArnException',
    'InvalidBatchEntryId',
    'InvalidCommandId',
    'InvalidDocument',
    'InvalidDocumentVersion',
    'InvalidExecutionInput',
    'InvalidFilterKey',
    'InvalidGrantTokenException',
    'InvalidInstanceId',
    'InvalidInstanceInformationFilterValue',
    'InvalidKeyId',
    'InvalidKeyUsageException',
    'InvalidMessageContents',
    'InvalidName',
    'InvalidNextToken',
    'InvalidNotificationConfig',
    'InvalidObjectState',
    'InvalidOutput',
    'InvalidOutputFolder',
    'InvalidParameterException',
    'InvalidParameterValueException',
    'InvalidParameters',
    'InvalidPluginName',
    'InvalidPolicyAttributeException',
    'InvalidPolicyTypeException',
    'InvalidRequest',
    'InvalidRequestException',
    'InvalidResourceId',
    'InvalidResourceType',
    'InvalidRole',
    'InvalidSecurity',
    'InvalidSecurityException',
    'InvalidToken',
    'InvalidVersionNumberException',
    'InvalidWriteOffset',
    'InvocationDoesNotExist',
    'KMSAccessDeniedException',
    'KMSDisabledException',
    'KMSInvalidMacException',
    'KMSInvalidStateException',
    'KMSNotFoundException',
    'KMSOptInRequired',
    'KmsAccessDenied',
    'KmsAccessDeniedException',
    'KmsDisabled',
    'KmsInvalidKeyUsage',
    'KmsInvalidState',
    'KmsInvalidStateException',
    'KmsNotFound',
    'KmsOptInRequired',
    'MalformedPolicyDocumentException',
    'MaxDocumentSizeExceeded',
    'NoSuchEntityException',
    'NoSuchKey',
    'NotFound',
    'NotFoundException',
    'PackedPolicyTooLargeException',
    'ParameterAlreadyExists',
    'ParameterNotFound',
    'ParameterPatternMismatchException',
    'ParameterVersionNotFound',
    'PlatformApplicationDisabledException',
    'PoliciesLimitExceededException',
    'QueueDoesNotExist',
    'RegionDisabledException',
    'RepositoryNotFoundException',
    'ResourceAlreadyExistsException',
    'ResourceDependencyException',
    'StateMachineDeleting',
    'StateMachineDoesNotExist',
    'TaskDoesNotExist',
    'TaskTimedOut',
    'TooManyEntriesInBatchRequest',
    'TooManyParts',
    'TooManyTagsError',
    'UnsupportedOperation',
    'UnsupportedParameterType',
    'UnsupportedPlatformType',
    'ValidationException',
    // Of Lambda, for functions in a network, with file systems or snapshots, which ours are not.
    'CodeArtifactUserDeletedException',
    'CodeArtifactUserFailedException',
    'CodeArtifactUserPendingException',
    'DurableExecutionAlreadyStartedException',
    'EC2AccessDeniedException',
    'EC2ThrottledException',
    'EC2UnexpectedException',
    'EFSIOException',
    'EFSMountConnectivityException',
    'EFSMountFailureException',
    'EFSMountTimeoutException',
    'ENILimitReachedException',
    'ENINotReadyException',
    'InvalidRequestContentException',
    'InvalidRuntimeException',
    'InvalidSecurityGroupIDException',
    'InvalidSubnetIDException',
    'InvalidZipFileException',
    'ModeNotSupportedException',
    'NoPublishedVersionException',
    'RecursiveInvocationException',
    'RequestTooLargeException',
    'ResourceNotFoundException',
    'S3FilesMountConnectivityException',
    'S3FilesMountFailureException',
    'S3FilesMountTimeoutException',
    'SerializedRequestEntityTooLargeException',
    'SnapStartException',
    'SnapStartNotReadyException',
    'SnapStartRegenerationFailureException',
    'SnapStartTimeoutException',
    'SubnetIPAddressLimitReachedException',
    'UnsupportedMediaTypeException',
  ],
};
/** EC2 models no errors: those of its documentation that its calls here can meet (AWSEC2/APIReference/errors-overview). */
const OF_EC2: readonly (readonly [string, ErrorClass])[] = [
  ['RequestLimitExceeded', 'theirs'],
  ['Unavailable', 'theirs'],
  ['InternalError', 'theirs'],
  ['InsufficientInstanceCapacity', 'in-use'],
  ['VcpuLimitExceeded', 'in-use'],
  ['InstanceLimitExceeded', 'in-use'],
  ['ResourceLimitExceeded', 'in-use'],
  ['SnapshotCopyLimitExceeded', 'in-use'],
  ['SnapshotLimitExceeded', 'quota'],
  ['UnauthorizedOperation', 'ours'],
  ['InvalidParameterValue', 'ours'],
  ['InvalidAMIName.Duplicate', 'ours'],
  ['InvalidSubnetID.NotFound', 'ours'],
  ['OptInRequired', 'ours'],
];

function named(name: string): Error {
  return Object.assign(new Error('AWS says so'), {
    name,
    $fault: 'client',
    $metadata: { httpStatusCode: 400 },
  });
}

describe('what an error of AWS means', () => {
  it('is known for every error that the models name for a call of ours', () => {
    expect([...listModelledErrors()].sort()).toEqual(Object.values(MODELLED).flat().sort());
  });

  it.each(Object.entries(MODELLED).flatMap(([kind, names]) => names.map((name) => [name, kind])))(
    '%s is %s',
    (name, kind) => {
      expect(classifyError(named(name))).toBe(kind);
    },
  );

  it.each(OF_EC2)('%s of EC2 is %s', (name, kind) => {
    expect(classifyError(named(name))).toBe(kind);
  });

  it('is a matter of time for builds at once, and of a person for what is kept', () => {
    const error = named('ServiceQuotaExceededException');

    expect(classifyError(error, 'CreateImage')).toBe('in-use');
    expect(classifyError(error, 'CreateImageRecipe')).toBe('quota');
    expect(describeQuota(error, 'CreateImageRecipe')).toMatch(
      /image recipes .* Delete recipes .* Service Quotas/,
    );
  });

  it.each(['CreateImageRecipe', 'CreateInfrastructureConfiguration'])(
    'fails a build that meets the quota of %s with its name and what to do',
    async (operation) => {
      const call = callAwsForBuild(operation, () => Promise.reject(named('ServiceQuotaExceededException')));

      await expect(call).rejects.toMatchObject({
        name: 'BuildFailed',
        message: expect.stringMatching(/The quota of .* of EC2 Image Builder .* Delete .*, or ask for more/),
      });
    },
  );

  it('fails a distribution that meets a quota of what is kept with its name and what to do', async () => {
    const call = callAwsForDistribution('Writing the parameter /web', () =>
      Promise.reject(named('ParameterLimitExceeded')),
    );

    await expect(call).rejects.toMatchObject({
      name: 'DistributionFailed',
      message: expect.stringMatching(/The quota of parameters in a Region is used up .* Delete parameters/),
    });
  });
});

/** Of the commands that adapters import, as the type declarations of the SDK name them. */
function listModelledErrors(): Set<string> {
  const found = new Set<string>();
  for (const [, names, client] of readAdapters().matchAll(
    /import (?:type )?\{([^}]*)\} from '(@aws-sdk\/client-[\w-]+)'/g,
  ))
    for (const [, verb, paged] of (names ?? '').matchAll(/\b(?:(\w+)Command|paginate(\w+))\b/g)) {
      const path = join(
        ROOT,
        'node_modules',
        client ?? '',
        'dist-types',
        'commands',
        `${verb ?? paged}Command.d.ts`,
      );
      for (const [, error] of readFileSync(path, 'utf8').matchAll(/@throws \{@link (\w+)\}/g))
        if (error !== undefined && !/.ServiceException$/.test(error)) found.add(error);
    }
  return found;
}

function readAdapters(): string {
  const folder = join(ROOT, 'shared', 'adapters');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(folder, path), 'utf8'))
    .join('\n');
}
