import type { Statement } from '../permissions.ts';

export const permissions: readonly Statement[] = [
  {
    because:
      'Definitions name the repositories, those of other accounts included. The answer holds digests and tags, no layers.',
    Action: ['ecr:DescribeImages'],
    Resource: 'arn:${AWS::Partition}:ecr:*:*:repository/*',
  },
];
