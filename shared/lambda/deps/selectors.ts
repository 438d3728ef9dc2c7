import { EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { perRegion } from '../../adapters/regions.ts';
import { resolveAmi } from '../../adapters/selectors/ami.ts';
import { resolveComponent } from '../../adapters/selectors/component.ts';
import { resolveContainer } from '../../adapters/selectors/container.ts';
import { resolveImage } from '../../adapters/selectors/image.ts';
import { resolveLookup } from '../../adapters/selectors/lookup.ts';
import { resolvePackages } from '../../adapters/selectors/packages.ts';
import { createSelectorResolver, type ResolversBySpeed } from '../../adapters/selectors/resolver.ts';
import { resolveSource } from '../../adapters/selectors/source.ts';
import { resolveSsm } from '../../adapters/selectors/ssm.ts';
import type { SelectorResolver } from '../../ports/selector-resolver.ts';
import { lazy } from '../lazy.ts';
import { clock } from './basics.ts';

// Marked as pure, so that a bundle leaves out the clients that its function does not use.
const imageBuilder = /* @__PURE__ */ lazy(() => new ImagebuilderClient(clientDefaults));
// A bucket may be in any region; its name does not say which.
const s3 = /* @__PURE__ */ lazy(() => new S3Client({ ...clientDefaults, followRegionRedirects: true }));
const ec2 = /* @__PURE__ */ perRegion((region) => new EC2Client({ ...clientDefaults, region }));
const ecr = /* @__PURE__ */ perRegion((region) => new ECRClient({ ...clientDefaults, region }));

const fast = (): ResolversBySpeed<'fast'> => ({
  ssm: resolveSsm(lazy(() => new SSMClient(clientDefaults))),
  component: resolveComponent(imageBuilder),
  image: resolveImage(imageBuilder),
});

const slow = (): ResolversBySpeed<'slow'> => ({
  ami: resolveAmi(ec2),
  lookup: resolveLookup(ec2, clock),
  container: resolveContainer(ecr),
  source: resolveSource(s3),
  packages: resolvePackages({ fetch: globalThis.fetch, s3 }),
});

/** A message has up to 20 topics, four of which are asked for at once; all of them have to be done within the minute that the function has. */
const FAST_SECONDS = 10;

/** Fast kinds alone: the bundle of the function that detects their changes carries no client of the others. */
export const fastSelectorResolver: () => SelectorResolver = /* @__PURE__ */ lazy(() =>
  createSelectorResolver(fast(), { seconds: FAST_SECONDS }),
);

export const selectorResolver: () => SelectorResolver = /* @__PURE__ */ lazy(() =>
  createSelectorResolver({ ...fast(), ...slow() }),
);
