import { ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { SSMClient } from '@aws-sdk/client-ssm';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { selectorResolver as resolverOf } from '../../adapters/selector-resolver.ts';
import type { SelectorResolver } from '../../ports.ts';
import { lazy } from '../lazy.ts';

export const selectorResolver: () => SelectorResolver = lazy(() =>
  resolverOf({ ssm: new SSMClient(clientDefaults), imageBuilder: new ImagebuilderClient(clientDefaults) }),
);
