import { GetComponentCommand, type ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { toBuildVersionResolution } from './build-versions.ts';
import type { Resolve } from './resolver.ts';

export function resolveComponent(client: () => ImagebuilderClient): Resolve<'component'> {
  return async ({ arn: wanted }) => {
    const { component } = await client().send(new GetComponentCommand({ componentBuildVersionArn: wanted }));
    const { arn, state } = component ?? {};
    // imagebuilder CreateImageRecipeRequest.components: such versions are refused in a new recipe.
    if (state?.status !== undefined && state.status !== 'ACTIVE')
      return { found: false, reason: `The component ${arn} is ${state.status}` };
    return toBuildVersionResolution(wanted, arn, {});
  };
}
