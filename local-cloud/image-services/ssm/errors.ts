import { AwsError } from '../service.ts';

// Codes of the error shapes in [M:ssm]; the JSON protocol answers client errors with 400.

export const invalidInstances = (ids: readonly string[], account: string): AwsError =>
  new AwsError(
    'InvalidInstanceId',
    `Instances [[${ids.join(', ')}]] not in a valid state for account ${account}`,
  );

export const invalidDocument = (name: string): AwsError =>
  new AwsError('InvalidDocument', `Document with name ${name} does not exist.`);

export const invalidParameters = (reason: string): AwsError => new AwsError('InvalidParameters', reason);

export const validation = (reason: string): AwsError => new AwsError('ValidationException', reason);

export const invalidCommandId = (): AwsError =>
  new AwsError('InvalidCommandId', 'The command id is not valid.');

export const noInvocation = (): AwsError =>
  new AwsError('InvocationDoesNotExist', 'The invocation does not exist.');

export const invalidNextToken = (): AwsError =>
  new AwsError('InvalidNextToken', 'The nextToken is not one that this call has given out.');

export const invalidFilter = (key: string): AwsError =>
  new AwsError('InvalidFilterKey', `The filter '${key}' is not known.`);
