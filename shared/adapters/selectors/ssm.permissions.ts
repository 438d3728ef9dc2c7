import type { Statement } from '../permissions.ts';

export const permissions: readonly Statement[] = [
  {
    because:
      'Definitions name the parameters; public ones have no account in their ARN (systems-manager/userguide/parameter-store-finding-public-parameters).',
    Action: ['ssm:GetParameter'],
    Resource: [
      'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/*',
      'arn:${AWS::Partition}:ssm:${AWS::Region}::parameter/aws/service/*',
    ],
  },
];
