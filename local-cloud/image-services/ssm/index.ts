import { type ControlActions, defineControlAction } from '../control-actions.ts';
import type { Ec2Api } from '../ec2/api.ts';
import type { ImageService, World } from '../service.ts';
import { associationSchema, commandSchema } from './control-actions.ts';
import { createNodes } from './nodes.ts';
import { createOperations } from './operations.ts';
import { listPermissions } from './permissions.ts';
import type { Command } from './records.ts';

/** Run Command and the managed instances that it reaches. MiniStack answers all other operations of Systems Manager. */
export function createSsm(
  world: World,
  ec2: Ec2Api,
): { service: ImageService; controlActions: ControlActions } {
  const nodes = createNodes(world, ec2);
  const commands: Command[] = [];
  return {
    service: {
      signingName: 'ssm',
      protocol: 'awsJson1_1',
      operations: createOperations({ world, nodes, commands }),
      permissions: (operation, input, call) => listPermissions(ec2, nodes, operation, input, call),
    },
    controlActions: {
      /** The account gathers the inventory of all its instances, as Quick Setup arranges it: one association, and an instance takes no second. */
      'declare-inventory-association': defineControlAction(associationSchema, ({ account, region }) => {
        world.behaviour.inventoryAssociations.add(`${account}/${region}`);
        return {};
      }),
      /**
       * Declares the result of matching commands. Without a matching declaration a command that asks for the packages is run on what the image holds;
       * any other times out.
       */
      'declare-command': defineControlAction(commandSchema, ({ times, ...answer }) => {
        world.behaviour.commandAnswers.add(answer, times);
        return {};
      }),
    },
  };
}
