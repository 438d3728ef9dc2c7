import { ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { SSMClient } from '@aws-sdk/client-ssm';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { componentResolver, imageResolver } from '../../adapters/selector-resolver/build-versions.ts';
import { parameterResolver } from '../../adapters/selector-resolver/parameters.ts';
import { createSelectorResolver } from '../../adapters/selector-resolver/resolver.ts';
import type { SelectorResolver } from '../../ports/selector-resolver.ts';
import { lazy } from '../lazy.ts';

/** A message has up to 20 topics, four of which are asked for at once; all of them have to be done within the minute that the function has. */
const SECONDS = 10;

/** Parameters and build versions, which answer at once: for the function that notices changes of those. */
export const quickSelectorResolver: () => SelectorResolver = lazy(() => {
  const imageBuilder = lazy(() => new ImagebuilderClient(clientDefaults));
  const ways = {
    ssm: parameterResolver(lazy(() => new SSMClient(clientDefaults))),
    component: componentResolver(imageBuilder),
    image: imageResolver(imageBuilder),
  };
  return createSelectorResolver(ways, { seconds: SECONDS });
});
