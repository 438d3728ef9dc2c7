import { EC2Client } from '@aws-sdk/client-ec2';
import { KMSClient } from '@aws-sdk/client-kms';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { createBuildKeys } from '../../adapters/ec2-build-keys.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const buildKeys = lazy(() =>
  createBuildKeys(
    { ec2: new EC2Client(clientDefaults), kms: new KMSClient(clientDefaults) },
    env('BUILD_KEY_ARN').BUILD_KEY_ARN,
  ),
);
