import type { InstanceRecord } from '../ec2/records.ts';
import { canRegister, canReportInventory, canTakeCommands, instanceMay } from '../instance-calls.ts';
import { BuildFailed } from './build-resources.ts';
import type { Context } from './context.ts';
import type { BuildPlan } from './plan.ts';
import type { StoredImage } from './records.ts';

// What happens on a build instance with the credentials of its own role (docs/aws/image-builder.md#the-build-instance).

/** Image Builder works through the agent of Systems Manager: a build whose instance does not become managed fails. */
export const waitForAgent = async (context: Context, image: StoredImage, id: string): Promise<void> => {
  const instance = findInstance(context, image, id);
  const { world } = context;
  if ((await canRegister(world, instance)) && (await canTakeCommands(world, instance))) return;
  throw new BuildFailed(describeStep(context, 'Failed', 'SSM Agent verification failed'));
};

/** AWSTOE comes from a bucket of Image Builder, and fetches each component itself. */
export const checkComponentAccess = async (
  context: Context,
  image: StoredImage,
  plan: BuildPlan,
  id: string,
): Promise<void> => {
  const { world } = context;
  const instance = findInstance(context, image, id);
  const tool = `arn:aws:s3:::ec2imagebuilder-toe-${image.region}-prod/latest/linux/${instance.image.architecture}/awstoe`;
  if (!(await instanceMay(world, instance, 's3:GetObject', tool))) {
    throw new BuildFailed(describeStep(context, 'Failed', 'Unable to bootstrap TOE'));
  }
  for (const { arn } of plan.components.filter((component) => component.type === 'BUILD')) {
    if (await instanceMay(world, instance, 'imagebuilder:GetComponent', arn)) continue;
    throw new BuildFailed(`Document ${arn} failed!`);
  }
};

/**
 * The step InventoryCollection: an association for this one instance, which its agent carries out. It ends the build when the role may not report, and
 * when the account has an association for all instances, because an instance takes one alone (docs/aws/image-builder.md#inventory-collection).
 */
export const collectInventory = async (
  context: Context,
  image: StoredImage,
  id: string,
  pause: (seconds: number) => Promise<void>,
): Promise<void> => {
  const { world } = context;
  const { inventoryAssociations } = world.behaviour;
  const isTaken = inventoryAssociations.has(`${image.account}/${image.region}`);
  if (!isTaken && (await canReportInventory(world, findInstance(context, image, id)))) return;
  await pause(world.timings.inventoryTimeout);
  throw new BuildFailed(
    describeStep(
      context,
      'TimedOut',
      'Step timed out while step is InventoryCollection. Please refer to Automation Service Troubleshooting Guide for more diagnosis details.',
    ),
  );
};

const describeStep = ({ world }: Context, status: 'Failed' | 'TimedOut', message: string): string =>
  `SSM execution '${world.ids.uuid()}' failed with status = '${status}' in state = 'BUILDING' and failure message = '${message}'`;

const findInstance = ({ ec2 }: Context, image: StoredImage, id: string): InstanceRecord => {
  const instance = ec2.findInstance(id, image.account, image.region);
  if (instance === undefined) throw new BuildFailed(`The build instance ${id} is gone.`);
  return instance;
};
