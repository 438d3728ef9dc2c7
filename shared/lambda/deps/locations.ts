import { STSClient } from '@aws-sdk/client-sts';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { createLocations } from '../../adapters/locations/locations.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';
import { controlLocations } from './control-locations.ts';
import { home } from './home.ts';

export const locations = lazy(() => {
  const { INSTALLATION, TARGET_ROLE_NAME, TARGET_EXTERNAL_ID } = env(
    'INSTALLATION',
    'TARGET_ROLE_NAME',
    'TARGET_EXTERNAL_ID',
  );
  return createLocations({
    control: controlLocations(),
    account: home().account,
    installation: INSTALLATION,
    roleName: TARGET_ROLE_NAME,
    externalId: TARGET_EXTERNAL_ID,
    sts: new STSClient(clientDefaults),
    clientDefaults,
  });
});
