import type { ControlActions } from '../control-actions.ts';
import type { Ec2Api } from '../ec2/api.ts';
import type { ImageService, World } from '../service.ts';
import { componentOperations } from './components.ts';
import { configurationOperations } from './configurations.ts';
import type { Context } from './context.ts';
import { imageBuilderControlActions } from './control-actions.ts';
import { imageOperations } from './images.ts';
import { lifecycleOperations } from './lifecycle.ts';
import { listOperations } from './lists.ts';
import { seedManaged } from './managed.ts';
import { listPermissions } from './permissions.ts';
import { pipelineOperations } from './pipelines.ts';
import { recipeOperations } from './recipes.ts';
import { createStore } from './store.ts';

/** EC2 Image Builder, in memory per account and Region. Builds take their time on the scaled clock and execute nothing. */
export function createImageBuilder(
  world: World,
  ec2: Ec2Api,
): { service: ImageService; controlActions: ControlActions } {
  const context: Context = { world, ec2, store: createStore(seedManaged) };
  return {
    service: {
      signingName: 'imagebuilder',
      protocol: 'restJson1',
      operations: {
        ...componentOperations(context),
        ...recipeOperations(context),
        ...configurationOperations(context),
        ...imageOperations(context),
        ...pipelineOperations(context),
        ...listOperations(context),
        ...lifecycleOperations(context),
      },
      permissions: (operation, input, call) => listPermissions(context, operation, input, call),
    },
    controlActions: imageBuilderControlActions(context),
  };
}
