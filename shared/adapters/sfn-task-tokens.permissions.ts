import type { TaskTokens } from '../ports/task-tokens.ts';
import type { PermissionSet } from './permissions.ts';

const BECAUSE =
  'states:SendTask* has no resource-level permissions (Service Authorization Reference, AWS Step Functions); so one function alone has it.';

export const permissions = {
  succeed: [{ Action: ['states:SendTaskSuccess'], Resource: '*', because: BECAUSE }],
  fail: [{ Action: ['states:SendTaskFailure'], Resource: '*', because: BECAUSE }],
} satisfies PermissionSet<TaskTokens>;
