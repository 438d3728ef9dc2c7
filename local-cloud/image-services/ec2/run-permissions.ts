import type { RunInstancesRequest } from '@aws-sdk/client-ec2';
import type { Call, Permission } from '../service.ts';
import { type Context, imageArn, ownedArn } from './context.ts';
import { findNetwork, type LaunchRequest, profileName, resolveLaunch } from './launch-plan.ts';
import { createTags, imageContext, tagsFor } from './permission-contexts.ts';
import { resourceTagContext } from './tags.ts';

/** A launch touches many resources, and the caller must be allowed RunInstances on each (docs/aws/permissions.md#ec2). */
export async function runInstancesPermissions(
  context: Context,
  request: RunInstancesRequest,
  call: Call,
): Promise<Permission[]> {
  const launch = await resolveLaunch(context, request, call);
  const { store } = context;
  const home = store.at(call);
  const network = findNetwork(context, call, launch);
  const tagged = { TagSpecifications: launch.tagSpecifications };
  const common = { 'ec2:Region': call.region };
  const at = (resource: string, extra: Record<string, string> = {}): Permission => ({
    action: 'ec2:RunInstances',
    resource,
    context: { ...common, ...extra },
  });
  const own = (type: string, id: string): string => ownedArn(call, type, id);
  const profile =
    launch.profile === undefined
      ? undefined
      : `arn:aws:iam::${call.account}:instance-profile/${profileName(launch.profile)}`;
  return [
    at(
      imageArn(call.region, launch.imageId),
      imageContext(store.images(call.region).get(launch.imageId), call),
    ),
    at(own('instance', '*'), {
      ...tagsFor(tagged, 'instance'),
      'ec2:InstanceType': launch.instanceType,
      'ec2:RootDeviceType': 'ebs',
      'ec2:Tenancy': 'default',
      ...metadataContext(launch),
      ...(profile === undefined ? {} : { 'ec2:InstanceProfile': profile }),
    }),
    at(own('network-interface', '*'), {
      ...tagsFor(tagged, 'network-interface'),
      'ec2:Vpc': own('vpc', network.vpcId),
      'ec2:Subnet': own('subnet', network.subnet.id),
    }),
    ...network.groups.map(({ id }) =>
      at(own('security-group', id), {
        ...resourceTagContext(home.securityGroups.get(id)?.tags ?? {}),
        'ec2:SecurityGroupID': id,
        'ec2:Vpc': own('vpc', network.vpcId),
      }),
    ),
    at(own('subnet', network.subnet.id), {
      'ec2:SubnetID': network.subnet.id,
      'ec2:Vpc': own('vpc', network.vpcId),
    }),
    at(own('volume', '*'), tagsFor(tagged, 'volume')),
    ...(launch.template === undefined
      ? []
      : [
          at(
            own('launch-template', launch.template.id),
            resourceTagContext(home.launchTemplates.get(launch.template.id)?.tags ?? {}),
          ),
        ]),
    ...(launch.keyName === undefined ? [] : [at(own('key-pair', launch.keyName))]),
    ...createTags('RunInstances', tagged, call, {
      instance: own('instance', '*'),
      volume: own('volume', '*'),
      'network-interface': own('network-interface', '*'),
    }),
    ...(await passRole(context, launch, call)),
  ];
}

function metadataContext({ metadata }: LaunchRequest): Record<string, string> {
  return {
    ...(metadata.HttpTokens === undefined ? {} : { 'ec2:MetadataHttpTokens': metadata.HttpTokens }),
    ...(metadata.HttpEndpoint === undefined ? {} : { 'ec2:MetadataHttpEndpoint': metadata.HttpEndpoint }),
    ...(metadata.HttpPutResponseHopLimit === undefined
      ? {}
      : { 'ec2:MetadataHttpPutResponseHopLimit': String(metadata.HttpPutResponseHopLimit) }),
  };
}

/** A profile that does not exist is refused by the operation itself. */
async function passRole({ world }: Context, launch: LaunchRequest, call: Call): Promise<Permission[]> {
  if (launch.profile === undefined || world.instanceProfileRole === undefined) return [];
  const role = await world.instanceProfileRole({
    account: call.account,
    name: profileName(launch.profile),
  });
  if (role === undefined) return [];
  return [
    { action: 'iam:PassRole', resource: role, context: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
  ];
}
