import type { Statement } from '../permissions.ts';

export const permissions: readonly Statement[] = [
  {
    Action: ['ec2:DescribeImages'],
    Resource: '*',
    because: 'Describing knows no resource (Service Authorization Reference, Amazon EC2).',
  },
];
