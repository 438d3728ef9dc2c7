import { AwsError } from '../service.ts';

// Codes and texts of [D:AWSEC2/APIReference/errors-overview].

/** Ids as EC2's messages list them: in brackets when the operation takes several. */
const listed = (ids: readonly string[]): string => `[${ids.join(', ')}]`;

export const imageNotFound = (...ids: string[]): AwsError =>
  new AwsError(
    'InvalidAMIID.NotFound',
    ids.length > 1
      ? `The image ids '${listed(ids)}' do not exist`
      : `The image id '${listed(ids)}' does not exist`,
  );

export const imageUnavailable = (id: string, state: string): AwsError =>
  new AwsError('InvalidAMIID.Unavailable', `The image ID '${id}' is not available. Its state is ${state}.`);

export const snapshotNotFound = (id: string): AwsError =>
  new AwsError('InvalidSnapshot.NotFound', `The snapshot '${id}' does not exist.`);

export const instancesNotFound = (ids: readonly string[]): AwsError =>
  new AwsError(
    'InvalidInstanceID.NotFound',
    ids.length > 1
      ? `The instance IDs '${ids.join(', ')}' do not exist`
      : `The instance ID '${ids.join()}' does not exist`,
  );

export const malformedId = (code: string, id: string): AwsError => new AwsError(code, `Invalid id: "${id}"`);

export const invalidValue = (value: string, parameter: string, reason = ''): AwsError =>
  new AwsError(
    'InvalidParameterValue',
    `Value (${value}) for parameter ${parameter} is invalid.${reason === '' ? '' : ` ${reason}`}`,
  );

export const invalidCombination = (reason: string): AwsError =>
  new AwsError('InvalidParameterCombination', reason);

export const missingParameter = (name: string): AwsError =>
  new AwsError('MissingParameter', `The request must contain the parameter ${name}`);

export const authFailure = (what: string): AwsError =>
  new AwsError('AuthFailure', `Not authorized for ${what}`, 403);

export const notPermitted = (reason: string): AwsError => new AwsError('OperationNotPermitted', reason);

export const incorrectState = (reason: string): AwsError => new AwsError('IncorrectState', reason);

export const tokenMismatch = (token: string): AwsError =>
  new AwsError(
    'IdempotentParameterMismatch',
    `Arguments on this idempotent request are inconsistent with arguments used in previous request(s) with the client token ${token}.`,
  );
