import { EC2Client } from '@aws-sdk/client-ec2';
import { KMSClient } from '@aws-sdk/client-kms';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { createOwnImages } from '../../adapters/ec2-own-images.ts';
import type { OwnImages } from '../../ports/own-images.ts';
import { lazy } from '../lazy.ts';

export const ownImages: () => OwnImages = lazy(() =>
  createOwnImages({
    ec2: (region) => new EC2Client({ ...clientDefaults, region }),
    kms: (region) => new KMSClient({ ...clientDefaults, region }),
  }),
);
