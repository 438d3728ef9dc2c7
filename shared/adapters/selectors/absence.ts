/** Errors of AWS that say that a resource is absent or may not be read, which waiting does not mend. */
import { errorName } from '../aws-error-classes.ts';

const ABSENT = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ForbiddenException',
  'InvalidParameterException',
  'InvalidParameterValueException',
  'InvalidRequestException',
  'ResourceNotFoundException',
  'ValidationException',
  // ssm GetParameter
  'ParameterNotFound',
  'ParameterVersionNotFound',
  // ec2 DescribeImages (AWSEC2/APIReference/errors-overview)
  'AuthFailure',
  'InvalidAMIID.Malformed',
  'InvalidAMIID.NotFound',
  'InvalidAMIID.Unavailable',
  'OptInRequired',
  'UnauthorizedOperation',
  // ecr DescribeImages
  'ImageNotFoundException',
  'RepositoryNotFoundException',
  // s3 GetObject
  'NoSuchBucket',
  'NoSuchKey',
]);

/** The reason to show; undefined for an error that says nothing about the resource. */
export function describeAbsence(error: unknown): string | undefined {
  if (!(error instanceof Error) || !ABSENT.has(errorName(error))) return undefined;
  return `AWS answered ${error.name}: ${error.message}`;
}
