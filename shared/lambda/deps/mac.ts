import { KMSClient } from '@aws-sdk/client-kms';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { kmsMac } from '../../adapters/kms-mac.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const mac = lazy(() => kmsMac(new KMSClient(clientDefaults), env('LINK_KEY_ID').LINK_KEY_ID));
