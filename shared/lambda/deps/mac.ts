import { KMSClient } from '@aws-sdk/client-kms';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { kmsMac } from '../../adapters/kms-mac.ts';
import type { Mac } from '../../ports/mac.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const mac: () => Mac = lazy(() =>
  kmsMac({ client: new KMSClient(clientDefaults), keyId: env('LINK_KEY_ID').LINK_KEY_ID }),
);
