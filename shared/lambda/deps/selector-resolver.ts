import { EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { componentResolver, imageResolver } from '../../adapters/selector-resolver/build-versions.ts';
import { containerResolver } from '../../adapters/selector-resolver/containers.ts';
import { amiResolver, lookupResolver } from '../../adapters/selector-resolver/images.ts';
import { sourceResolver } from '../../adapters/selector-resolver/objects.ts';
import { packagesResolver } from '../../adapters/selector-resolver/packages.ts';
import { parameterResolver } from '../../adapters/selector-resolver/parameters.ts';
import { perRegion } from '../../adapters/selector-resolver/regions.ts';
import { createSelectorResolver as resolverOf } from '../../adapters/selector-resolver/resolver.ts';
import type { SelectorResolver } from '../../ports/selector-resolver.ts';
import { lazy } from '../lazy.ts';
import { clock } from './basics.ts';

/** Every kind of selector. Functions that hurry take the quick one, which carries fewer clients. */
export const selectorResolver: () => SelectorResolver = lazy(() => {
  const ssm = lazy(() => new SSMClient(clientDefaults));
  const imageBuilder = lazy(() => new ImagebuilderClient(clientDefaults));
  // A bucket may be in any region; its name does not say which.
  const s3 = lazy(() => new S3Client({ ...clientDefaults, followRegionRedirects: true }));
  const ec2 = perRegion((region) => new EC2Client({ ...clientDefaults, region }));
  const ecr = perRegion((region) => new ECRClient({ ...clientDefaults, region }));
  return resolverOf({
    ssm: parameterResolver(ssm),
    component: componentResolver(imageBuilder),
    image: imageResolver(imageBuilder),
    lookup: lookupResolver({ ec2, clock }),
    ami: amiResolver({ ec2 }),
    container: containerResolver(ecr),
    source: sourceResolver(s3),
    packages: packagesResolver({ fetch: globalThis.fetch, s3 }),
  });
});
