import type { Statement } from '../permissions.ts';

export const permissions: readonly Statement[] = [
  {
    because: 'Shared and managed components and images belong to other accounts, which definitions name.',
    Action: ['imagebuilder:GetComponent', 'imagebuilder:GetImage'],
    Resource: [
      'arn:${AWS::Partition}:imagebuilder:${AWS::Region}:*:component/*',
      'arn:${AWS::Partition}:imagebuilder:${AWS::Region}:*:image/*',
    ],
  },
];
