import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

/** Where the control plane itself runs. */
export const home = lazy(() => {
  const { ACCOUNT_ID, AWS_REGION } = env('ACCOUNT_ID', 'AWS_REGION');
  return { account: ACCOUNT_ID, region: AWS_REGION };
});
