import { STSClient } from '@aws-sdk/client-sts';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { createTargets } from '../../adapters/sts-targets.ts';
import type { Targets } from '../../ports/targets.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const targets: () => Targets = lazy(() => {
  const { ACCOUNT_ID, TARGET_ROLE_NAME, TARGET_EXTERNAL_ID } = env(
    'ACCOUNT_ID',
    'TARGET_ROLE_NAME',
    'TARGET_EXTERNAL_ID',
  );
  return createTargets({
    account: ACCOUNT_ID,
    roleName: TARGET_ROLE_NAME,
    externalId: TARGET_EXTERNAL_ID,
    sts: new STSClient(clientDefaults),
    clientDefaults,
  });
});
