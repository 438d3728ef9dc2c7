import type { Ec2Api } from '../ec2/api.ts';
import type { ImageService, World } from '../service.ts';
import type { Verbs } from '../verbs.ts';
import { componentOperations } from './components.ts';
import { configurationOperations } from './configurations.ts';
import type { Context } from './context.ts';
import { imageOperations } from './images.ts';
import { listOperations } from './lists.ts';
import { seedManaged } from './managed.ts';
import { permissionsOf } from './permissions.ts';
import { pipelineOperations } from './pipelines.ts';
import { recipeOperations } from './recipes.ts';
import { createStore } from './store.ts';
import { upkeepOperations } from './upkeep.ts';
import { imageBuilderVerbs } from './verbs.ts';

/** EC2 Image Builder, in memory per account and Region. Builds take their time on the scaled clock and execute nothing. */
export function createImageBuilder(world: World, ec2: Ec2Api): { service: ImageService; verbs: Verbs } {
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
        ...upkeepOperations(context),
      },
      permissions: (operation, input, call) => permissionsOf(context, operation, input, call),
    },
    verbs: imageBuilderVerbs(context),
  };
}
