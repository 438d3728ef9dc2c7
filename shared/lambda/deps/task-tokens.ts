import { SFNClient } from '@aws-sdk/client-sfn';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { sfnTaskTokens } from '../../adapters/sfn-task-tokens.ts';
import { lazy } from '../lazy.ts';

export const taskTokens = lazy(() => sfnTaskTokens(new SFNClient(clientDefaults)));
