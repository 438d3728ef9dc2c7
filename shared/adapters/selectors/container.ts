import { DescribeImagesCommand, type ECRClient } from '@aws-sdk/client-ecr';
import type { Resolve } from './resolver.ts';

export function resolveContainer(ecr: (region: string) => ECRClient): Resolve<'container'> {
  return async ({ account, region, repository, tag }) => {
    const { imageDetails = [] } = await ecr(region).send(
      new DescribeImagesCommand({
        registryId: account,
        repositoryName: repository,
        imageIds: [{ imageTag: tag }],
      }),
    );
    const digest = imageDetails[0]?.imageDigest;
    if (digest === undefined)
      return {
        found: false,
        reason: `The repository ${repository} of ${account} has no image with the tag ${tag}`,
      };
    return { found: true, version: digest, detail: { digest } };
  };
}
