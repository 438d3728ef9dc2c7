import type { InstanceRecord } from './ec2/records.ts';
import type { ConditionKeys, World } from './service.ts';

type Caller = Pick<InstanceRecord, 'id' | 'ownerId' | 'region' | 'instanceProfileArn'>;

/**
 * Whether the software on an instance may make a call: it signs with the credentials of the role in the instance's profile
 * [D:AWSEC2/UserGuide/iam-roles-for-amazon-ec2]. Without a profile there are none.
 */
export const instanceMay = async (
  world: World,
  instance: Caller,
  action: string,
  resource: string,
  context: ConditionKeys = {},
): Promise<boolean> => {
  const { id, ownerId: account, region, instanceProfileArn } = instance;
  const name = instanceProfileArn?.split('/').at(-1);
  if (name === undefined) return false;
  if (world.instanceProfileRole === undefined || world.authorizeRole === undefined) return true;
  const roleArn = await world.instanceProfileRole({ account, name });
  if (roleArn === undefined) return false;
  const { allowed } = await world.authorizeRole({
    account,
    region,
    roleArn,
    session: id,
    action,
    resource,
    context,
  });
  return allowed;
};

/** Whether it may make all of these calls, each on everything or on itself. */
export const instanceMayAll = async (
  world: World,
  instance: Caller,
  calls: readonly { action: string; resource: string }[],
): Promise<boolean> => {
  for (const { action, resource } of calls)
    if (!(await instanceMay(world, instance, action, resource))) return false;
  return true;
};

const instanceArn = ({ id, ownerId: account, region }: Caller): string =>
  `arn:aws:ec2:${region}:${account}:instance/${id}`;

/** What makes an instance a managed one [IAM:ssm UpdateInstanceInformation]. */
export const canRegister = (world: World, instance: Caller): Promise<boolean> =>
  instanceMay(world, instance, 'ssm:UpdateInstanceInformation', instanceArn(instance));

/**
 * Whether commands reach its agent: over the channels of Session Manager, and where those are not allowed over the older queue
 * [D:systems-manager/userguide/systems-manager-setting-up-messageAPIs].
 */
export const canTakeCommands = async (world: World, instance: Caller): Promise<boolean> => {
  const channel = ['ssmmessages:CreateControlChannel', 'ssmmessages:OpenControlChannel'];
  const queue = [
    'ec2messages:GetMessages',
    'ec2messages:AcknowledgeMessage',
    'ec2messages:SendReply',
    'ec2messages:DeleteMessage',
    'ec2messages:FailMessage',
  ];
  const onAll = (actions: readonly string[]) => actions.map((action) => ({ action, resource: '*' }));
  return (
    (await instanceMayAll(world, instance, onAll(channel))) ||
    (await instanceMayAll(world, instance, onAll(queue)))
  );
};

/** What the agent asks to carry out an association of State Manager that gathers the inventory (docs/aws/image-builder.md#inventory-collection). */
export const canReportInventory = (world: World, instance: Caller): Promise<boolean> => {
  const own = instanceArn(instance);
  const document = `arn:aws:ssm:${instance.region}::document/AWS-GatherSoftwareInventory`;
  return instanceMayAll(world, instance, [
    { action: 'ssm:ListInstanceAssociations', resource: own },
    { action: 'ssm:GetDocument', resource: document },
    { action: 'ssm:PutInventory', resource: own },
    { action: 'ssm:UpdateInstanceAssociationStatus', resource: own },
  ]);
};
