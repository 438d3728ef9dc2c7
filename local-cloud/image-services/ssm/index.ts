import type { Ec2Api } from '../ec2/api.ts';
import type { ImageService, World } from '../service.ts';
import { defineVerb, type Verbs } from '../verbs.ts';
import { createNodes } from './nodes.ts';
import { operationsOf } from './operations.ts';
import { permissionsOf } from './permissions.ts';
import type { Command } from './records.ts';
import { commandSchema } from './verbs.ts';

/** Run Command and the managed instances that it reaches. Every other operation of Systems Manager is somebody else's. */
export function createSsm(world: World, ec2: Ec2Api): { service: ImageService; verbs: Verbs } {
  const nodes = createNodes(world, ec2);
  const commands: Command[] = [];
  return {
    service: {
      signingName: 'ssm',
      protocol: 'awsJson1_1',
      operations: operationsOf({ world, nodes, commands }),
      permissions: (operation, input, call) => permissionsOf(ec2, nodes, operation, input, call),
    },
    verbs: {
      /** What commands that match answer from now on; a command that nothing matches times out. */
      'declare-command': defineVerb(commandSchema, ({ times, ...answer }) => {
        world.behaviour.commandAnswers.add(answer, times);
        return {};
      }),
    },
  };
}
