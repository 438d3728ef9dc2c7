import type { Findings } from '../ports/vulnerabilities.ts';
import type { PermissionSet, Statement } from './permissions.ts';

const LIST: readonly Statement[] = [
  {
    Action: ['inspector2:ListFindings'],
    Resource: '*',
    because: 'Findings have no ARN that a policy could name (service-authorization/list_amazoninspector2).',
  },
];

export const permissions = { read: LIST, list: LIST } satisfies PermissionSet<Findings>;
