import type { TargetAccounts } from '../ports/target-accounts.ts';
import type { PermissionSet, PortEnvironment } from './permissions.ts';

export const environment = {
  findClosed: { OPEN_TARGETS_FUNCTION: '${OpenTargetsLambdaFunction}' },
} satisfies PortEnvironment<TargetAccounts>;

export const permissions = {
  includes: [],
  findClosed: [{ Action: ['lambda:InvokeFunction'], Resource: '${OpenTargetsLambdaFunction.Arn}' }],
} satisfies PermissionSet<TargetAccounts>;
