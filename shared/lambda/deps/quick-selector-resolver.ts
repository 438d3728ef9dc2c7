import { ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { SSMClient } from '@aws-sdk/client-ssm';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { componentWay, imageWay } from '../../adapters/selector-resolver/build-versions.ts';
import { parameterWay } from '../../adapters/selector-resolver/parameters.ts';
import { selectorResolver } from '../../adapters/selector-resolver/resolver.ts';
import type { SelectorResolver } from '../../ports.ts';
import { lazy } from '../lazy.ts';

/** Parameters and build versions, which answer at once: for the function that notices changes of those. */
export const quickSelectorResolver: () => SelectorResolver = lazy(() => {
  const imageBuilder = lazy(() => new ImagebuilderClient(clientDefaults));
  return selectorResolver({
    ssm: parameterWay(lazy(() => new SSMClient(clientDefaults))),
    component: componentWay(imageBuilder),
    image: imageWay(imageBuilder),
  });
});
