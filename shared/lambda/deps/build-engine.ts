import { ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { imageBuilderEngine } from '../../adapters/imagebuilder-engine.ts';
import type { BuildEngine } from '../../ports/build-engine.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';
import { digest } from './basics.ts';
import { home } from './home.ts';

/** To look at builds and to end them. */
export const buildEngine: () => Omit<BuildEngine, 'start'> = lazy(() =>
  imageBuilderEngine({ client: new ImagebuilderClient(clientDefaults), digest, home: home() }),
);

/** To start builds too. */
export const startingEngine: () => BuildEngine = lazy(() => {
  const place = env('BUILD_SUBNET_ID', 'BUILD_SECURITY_GROUP_ID', 'BUILD_INSTANCE_PROFILE');
  return imageBuilderEngine({
    client: new ImagebuilderClient(clientDefaults),
    digest,
    home: home(),
    infrastructure: {
      subnetId: place.BUILD_SUBNET_ID,
      securityGroupId: place.BUILD_SECURITY_GROUP_ID,
      instanceProfile: place.BUILD_INSTANCE_PROFILE,
    },
  });
});
