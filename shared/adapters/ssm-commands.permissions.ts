import type { Commands } from '../ports/commands.ts';
import type { PermissionSet } from './permissions.ts';

export const permissions = {
  send: [
    {
      Action: ['ssm:SendCommand'],
      Resource: 'arn:${AWS::Partition}:ssm:${AWS::Region}::document/AWS-RunShellScript',
    },
    {
      as: 'Instances',
      Action: ['ssm:SendCommand'],
      Resource: 'arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:instance/*',
      Condition: { StringEquals: { 'ssm:resourceTag/ovenbird:managed': 'true' } },
    },
  ],
  status: [
    {
      Action: ['ssm:GetCommandInvocation'],
      Resource: '*',
      because:
        'ssm:GetCommandInvocation has no resource-level permissions (Service Authorization Reference, AWS Systems Manager).',
    },
  ],
} satisfies PermissionSet<Commands>;
