import { STSClient } from '@aws-sdk/client-sts';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { createLocations } from '../../adapters/locations/locations.ts';
import type { Locations } from '../../ports/locations.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';
import { controlLocations } from './control-locations.ts';
import { home } from './home.ts';

export const locations: () => Locations = lazy(() => {
  const { TARGET_ROLE_NAME, TARGET_EXTERNAL_ID } = env('TARGET_ROLE_NAME', 'TARGET_EXTERNAL_ID');
  return createLocations({
    control: controlLocations(),
    account: home().account,
    roleName: TARGET_ROLE_NAME,
    externalId: TARGET_EXTERNAL_ID,
    sts: new STSClient(clientDefaults),
    clientDefaults,
  });
});
