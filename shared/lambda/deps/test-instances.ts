import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { ec2TestInstances } from '../../adapters/ec2-test-instances.ts';
import type { TestInstances } from '../../ports/test-instances.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

/** To look at instances and to end them. */
export const testInstances: () => Omit<TestInstances, 'launch'> = lazy(() =>
  ec2TestInstances({ ec2: new EC2Client(clientDefaults), ssm: new SSMClient(clientDefaults) }),
);

/** To launch them too. */
export const launchingInstances = lazy(() => {
  const place = env('BUILD_SUBNET_IDS', 'TEST_SECURITY_GROUP_ID', 'TEST_INSTANCE_PROFILE');
  return ec2TestInstances({
    ec2: new EC2Client(clientDefaults),
    ssm: new SSMClient(clientDefaults),
    network: {
      subnets: place.BUILD_SUBNET_IDS,
      securityGroupId: place.TEST_SECURITY_GROUP_ID,
      instanceProfile: place.TEST_INSTANCE_PROFILE,
    },
  });
});
