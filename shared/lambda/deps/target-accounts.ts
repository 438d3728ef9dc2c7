import { LambdaClient } from '@aws-sdk/client-lambda';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { lambdaTargetAccounts } from '../../adapters/lambda-target-accounts.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const targetAccounts = lazy(() => {
  const { TARGET_ACCOUNTS, OPEN_TARGETS_FUNCTION } = env('TARGET_ACCOUNTS', 'OPEN_TARGETS_FUNCTION');
  return lambdaTargetAccounts(new LambdaClient(clientDefaults), {
    listed: TARGET_ACCOUNTS.split(',').filter((account) => account !== ''),
    openTargets: OPEN_TARGETS_FUNCTION,
  });
});
