import { SSMClient } from '@aws-sdk/client-ssm';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { ssmCommands } from '../../adapters/ssm-commands.ts';
import { lazy } from '../lazy.ts';

export const commands = lazy(() => ssmCommands(new SSMClient(clientDefaults)));
