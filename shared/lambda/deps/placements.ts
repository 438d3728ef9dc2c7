import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { createPlacements } from '../../adapters/ec2-placements.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';
import { home } from './home.ts';

export const placements = lazy(() => {
  const { BUILD_VPC_ID, OTHER_VPC_ARNS, INSTANCE_ROLE_ARNS } = env(
    'BUILD_VPC_ID',
    'OTHER_VPC_ARNS',
    'INSTANCE_ROLE_ARNS',
  );
  return createPlacements(
    { ec2: new EC2Client(clientDefaults), iam: new IAMClient(clientDefaults) },
    home().region,
    { vpc: BUILD_VPC_ID, otherVpcs: OTHER_VPC_ARNS, roles: INSTANCE_ROLE_ARNS },
  );
});
