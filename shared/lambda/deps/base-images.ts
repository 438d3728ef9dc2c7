import { EC2Client } from '@aws-sdk/client-ec2';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { createBaseImages } from '../../adapters/ec2-base-images.ts';
import { lazy } from '../lazy.ts';

export const baseImages = lazy(() => createBaseImages(new EC2Client(clientDefaults)));
