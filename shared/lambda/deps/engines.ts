import { EC2Client } from '@aws-sdk/client-ec2';
import { ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { imageBuilderEngine } from '../../adapters/engines/image-builder.ts';
import type { Engines } from '../../ports/build-engine.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';
import { digest } from './basics.ts';
import { home } from './home.ts';

/** The adapter of each engine; a new one is one entry here. */
export const engines: Engines = {
  imageBuilder: lazy(() =>
    imageBuilderEngine({
      client: new ImagebuilderClient(clientDefaults),
      ec2: new EC2Client(clientDefaults),
      digest,
      home: home(),
      infrastructure: () => {
        const names = env(
          'BUILD_SUBNET_IDS',
          'BUILD_SECURITY_GROUP_ID',
          'BUILD_INSTANCE_PROFILE',
          'BUILD_LOG_GROUP',
          'BUILD_KEY_ARN',
        );
        return {
          subnets: names.BUILD_SUBNET_IDS,
          securityGroupId: names.BUILD_SECURITY_GROUP_ID,
          instanceProfile: names.BUILD_INSTANCE_PROFILE,
          logGroup: names.BUILD_LOG_GROUP,
          key: names.BUILD_KEY_ARN,
        };
      },
    }),
  ),
};
