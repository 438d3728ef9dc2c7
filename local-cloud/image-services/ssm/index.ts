import { type ControlActions, defineControlAction } from '../control-actions.ts';
import type { Ec2Api } from '../ec2/api.ts';
import type { ImageService, World } from '../service.ts';
import { commandSchema } from './control-actions.ts';
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
      /** Declares the result of matching commands. A command without a matching declaration times out. */
      'declare-command': defineControlAction(commandSchema, ({ times, ...answer }) => {
        world.behaviour.commandAnswers.add(answer, times);
        return {};
      }),
    },
  };
}
