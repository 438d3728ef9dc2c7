import type {
  BlockDeviceMapping,
  IamInstanceProfileSpecification,
  InstanceMetadataOptionsRequest,
  RequestLaunchTemplateData,
  RunInstancesRequest,
  TagSpecification,
} from '@aws-sdk/client-ec2';
import { AwsError, type Call } from '../service.ts';
import { type Context, canSeeImage, toRequest } from './context.ts';
import {
  imageNotFound,
  imageUnavailable,
  invalidCombination,
  invalidValue,
  missingParameter,
} from './errors.ts';
import { INSTANCE_TYPES } from './instance-types.ts';
import { findTemplate, resolveVersion } from './launch-template-records.ts';
import {
  defaultNetwork,
  groupNotFound,
  type SubnetRecord,
  securityGroups,
  subnetNotFound,
} from './network.ts';
import type { StoredImage } from './records.ts';
import type { Location } from './store.ts';

/** A RunInstances request merged with its launch template. */
export interface LaunchRequest {
  imageId: string;
  instanceType: string;
  template?: { id: string; name: string; version: number } | undefined;
  subnetId?: string | undefined;
  securityGroupIds: string[];
  securityGroupNames: string[];
  profile?: IamInstanceProfileSpecification | undefined;
  metadata: InstanceMetadataOptionsRequest;
  mappings: BlockDeviceMapping[];
  tagSpecifications: TagSpecification[];
  keyName?: string | undefined;
  userData?: string | undefined;
  shutdownBehavior: 'stop' | 'terminate';
}

/** Parameters of the request win over those of the template; tags of both count [M:RunInstancesRequest.LaunchTemplate]. */
export async function resolveLaunch(
  context: Context,
  request: RunInstancesRequest,
  call: Call,
): Promise<LaunchRequest> {
  const { data, template } = readTemplate(context, request, call);
  const networkInterface = request.NetworkInterfaces?.[0] ?? data.NetworkInterfaces?.[0];
  if (
    request.NetworkInterfaces !== undefined &&
    (request.SubnetId ?? request.SecurityGroupIds) !== undefined
  ) {
    throw invalidCombination(
      'Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request',
    );
  }
  const image = request.ImageId ?? data.ImageId;
  if (image === undefined) throw missingParameter('ImageId');
  return {
    imageId: await resolveImageId(context, image, call),
    // The API's own default [M:RunInstancesRequest.InstanceType].
    instanceType: request.InstanceType ?? data.InstanceType ?? 'm1.small',
    template,
    subnetId: networkInterface?.SubnetId ?? request.SubnetId,
    securityGroupIds: networkInterface?.Groups ?? request.SecurityGroupIds ?? data.SecurityGroupIds ?? [],
    securityGroupNames: request.SecurityGroups ?? data.SecurityGroups ?? [],
    profile: request.IamInstanceProfile ?? data.IamInstanceProfile,
    metadata: {
      ...toRequest<InstanceMetadataOptionsRequest>({ ...data.MetadataOptions }),
      ...request.MetadataOptions,
    },
    mappings: mergeMappings(
      toRequest<{ list: BlockDeviceMapping[] }>({ list: data.BlockDeviceMappings ?? [] }).list,
      request.BlockDeviceMappings ?? [],
    ),
    tagSpecifications: mergeTags(data.TagSpecifications ?? [], request.TagSpecifications ?? []),
    keyName: request.KeyName ?? data.KeyName,
    userData: request.UserData ?? data.UserData,
    shutdownBehavior:
      (request.InstanceInitiatedShutdownBehavior ?? data.InstanceInitiatedShutdownBehavior) === 'terminate'
        ? 'terminate'
        : 'stop',
  };
}

function readTemplate(
  context: Context,
  request: RunInstancesRequest,
  call: Call,
): { data: RequestLaunchTemplateData; template?: LaunchRequest['template'] } {
  if (request.LaunchTemplate === undefined) return { data: {} };
  const template = findTemplate(context, call, request.LaunchTemplate);
  const version = resolveVersion(template, request.LaunchTemplate.Version ?? '$Default');
  return {
    data: toRequest(version.data),
    template: { id: template.id, name: template.name, version: version.number },
  };
}

function mergeMappings(
  under: readonly BlockDeviceMapping[],
  over: readonly BlockDeviceMapping[],
): BlockDeviceMapping[] {
  const named = new Set(over.map(({ DeviceName }) => DeviceName));
  return [...under.filter(({ DeviceName }) => !named.has(DeviceName)), ...over];
}

function mergeTags(
  under: readonly TagSpecification[],
  over: readonly TagSpecification[],
): TagSpecification[] {
  const types = new Set([...under, ...over].map(({ ResourceType }) => ResourceType));
  return [...types].map((ResourceType) => {
    const tags = new Map<string, string>();
    for (const specification of [...under, ...over]) {
      if (specification.ResourceType !== ResourceType) continue;
      for (const { Key, Value } of specification.Tags ?? []) tags.set(Key ?? '', Value ?? '');
    }
    return { ResourceType, Tags: [...tags].map(([Key, Value]) => ({ Key, Value })) };
  });
}

/** `resolve:ssm:<name>` stands for the parameter's value at launch (docs/aws/ec2-images.md#parameters-and-launch-templates). */
export async function resolveImageId({ world }: Context, image: string, where: Location): Promise<string> {
  if (!image.startsWith('resolve:ssm:')) return image;
  const name = image.slice('resolve:ssm:'.length);
  const value = await world.readParameter({ account: where.account, region: where.region, name });
  if (value === undefined) {
    throw new AwsError('InvalidParameterValue', `Unable to resolve SSM parameter ${name}`);
  }
  return value;
}

/** The image of a launch; refused when it is not visible, not available, or of another architecture than the instance type. */
export function launchableImage(
  { store }: Context,
  where: Location,
  id: string,
  instanceType: string,
): StoredImage {
  if (!/^ami-[0-9a-f]{8,17}$/.test(id)) throw new AwsError('InvalidAMIID.Malformed', `Invalid id: "${id}"`);
  const image = store.images(where.region).get(id);
  if (image === undefined || !canSeeImage(image, where.account)) throw imageNotFound(id);
  if (image.state !== 'available') throw imageUnavailable(id, image.state);
  const type = INSTANCE_TYPES.get(instanceType);
  if (type === undefined) {
    throw new AwsError('InvalidParameterValue', `Invalid value '${instanceType}' for InstanceType.`);
  }
  if (!type.architectures.some((architecture) => architecture === image.architecture)) {
    throw new AwsError(
      'InvalidParameterValue',
      `The architecture '${type.architectures.join(',')}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.`,
    );
  }
  return image;
}

/** The network placement of an instance: a subnet of the default VPC and its security groups. */
export function findNetwork(
  { store }: Context,
  where: Location,
  request: Pick<LaunchRequest, 'subnetId' | 'securityGroupIds' | 'securityGroupNames'>,
): { vpcId: string; subnet: SubnetRecord; groups: { id: string; name: string }[] } {
  const network = defaultNetwork(where);
  const [first] = network.subnets;
  const subnet =
    request.subnetId === undefined ? first : network.subnets.find(({ id }) => id === request.subnetId);
  if (subnet === undefined) throw subnetNotFound(request.subnetId ?? '');
  const known = securityGroups(store, where);
  const find = (test: (group: { id: string; name: string }) => boolean, wanted: string) => {
    const group = known.find(test);
    if (group === undefined) throw groupNotFound(wanted);
    return { id: group.id, name: group.name };
  };
  const groups = [
    ...request.securityGroupIds.map((wanted) => find(({ id }) => id === wanted, wanted)),
    ...request.securityGroupNames.map((wanted) => find(({ name }) => name === wanted, wanted)),
  ];
  return {
    vpcId: network.vpcId,
    subnet,
    groups: groups.length > 0 ? groups : [{ id: network.defaultGroupId, name: 'default' }],
  };
}

/** Name of an instance profile, from its name or from its ARN. */
export function profileName(profile: IamInstanceProfileSpecification): string {
  const name = profile.Name ?? profile.Arn?.split('/').at(-1);
  if (name === undefined || name === '')
    throw invalidValue('', 'iamInstanceProfile.name', 'Invalid IAM Instance Profile name');
  return name;
}
