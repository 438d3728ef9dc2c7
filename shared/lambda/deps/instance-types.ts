import { EC2Client } from '@aws-sdk/client-ec2';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { createInstanceTypes } from '../../adapters/ec2-instance-types.ts';
import type { InstanceTypes } from '../../ports/base-images.ts';
import { lazy } from '../lazy.ts';

export const instanceTypes: () => InstanceTypes = lazy(() =>
  createInstanceTypes(new EC2Client(clientDefaults)),
);
