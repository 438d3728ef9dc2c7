/**
 * `image:` selectors and components. One call each: Image Builder answers a wildcard with the newest version that is available, and leaves
 * out what is deprecated, disabled or deleted (imagebuilder GetComponentRequest, GetImageRequest).
 */
import { GetComponentCommand, GetImageCommand, type ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { parseBuildVersion } from '../../domain/selectors/versions.ts';
import type { Resolution } from '../../ports/selector-resolver.ts';
import type { Resolve } from './resolver.ts';

export function componentResolver(client: () => ImagebuilderClient): Resolve<'component'> {
  return async ({ arn: wanted }) => {
    const { component } = await client().send(new GetComponentCommand({ componentBuildVersionArn: wanted }));
    const { arn, state } = component ?? {};
    // imagebuilder CreateImageRecipeRequest.components: such versions are refused in a new recipe.
    if (state?.status !== undefined && state.status !== 'ACTIVE')
      return { found: false, reason: `The component ${arn} is ${state.status}` };
    return toBuildVersionResolution(wanted, arn, {});
  };
}

export function imageResolver(client: () => ImagebuilderClient): Resolve<'image'> {
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

/** Anything but a build version could not be compared with the one before. */
function toBuildVersionResolution(
  wanted: string,
  arn: string | undefined,
  detail: Record<string, string>,
): Resolution {
  if (arn === undefined || parseBuildVersion(arn) === undefined)
    return { found: false, reason: `${wanted} leads to no build version (${arn ?? 'nothing'})` };
  return { found: true, version: arn, detail };
}
