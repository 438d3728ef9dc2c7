import { SFNClient } from '@aws-sdk/client-sfn';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { sfnWorkflows } from '../../adapters/sfn-workflows.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const workflows = lazy(() =>
  sfnWorkflows(new SFNClient(clientDefaults), env('BAKE_MACHINE_ARN').BAKE_MACHINE_ARN),
);
