import { ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { createComponents } from '../../adapters/image-builder-components.ts';
import type { Components } from '../../ports/components.ts';
import { lazy } from '../lazy.ts';

export const components: () => Components = lazy(() =>
  createComponents(new ImagebuilderClient(clientDefaults)),
);
