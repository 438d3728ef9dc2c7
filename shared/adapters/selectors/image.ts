import { GetImageCommand, type ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { toBuildVersionResolution } from './build-versions.ts';
import type { Resolve } from './resolver.ts';

export function resolveImage(client: () => ImagebuilderClient): Resolve<'image'> {
  return async ({ arn: wanted }) => {
    const { image } = await client().send(new GetImageCommand({ imageBuildVersionArn: wanted }));
    const { arn, state, outputResources } = image ?? {};
    if (state?.status !== undefined && state.status !== 'AVAILABLE')
      return { found: false, reason: `The image ${arn} is ${state.status}` };
    const [, , , region] = wanted.split(':');
    const amiId = outputResources?.amis?.find((ami) => ami.region === region)?.image;
    return toBuildVersionResolution(wanted, arn, amiId === undefined ? {} : { amiId });
  };
}
