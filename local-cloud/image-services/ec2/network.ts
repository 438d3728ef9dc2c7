import { createHash } from 'node:crypto';
import type {
  CreateSecurityGroupRequest,
  CreateSecurityGroupResult,
  DeleteSecurityGroupRequest,
  DescribeRegionsRequest,
  DescribeRegionsResult,
  DescribeSecurityGroupsRequest,
  DescribeSecurityGroupsResult,
  DescribeSecurityGroupVpcAssociationsRequest,
  DescribeSecurityGroupVpcAssociationsResult,
  DescribeSubnetsRequest,
  DescribeSubnetsResult,
  DescribeVpcsRequest,
  DescribeVpcsResult,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../service.ts';
import { type Context, type Operations, operation, ownedArn } from './context.ts';
import { invalidValue, missingParameter } from './errors.ts';
import { createMatcher, type FilterTable } from './filters.ts';
import { takePage } from './pages.ts';
import type { SecurityGroupRecord } from './records.ts';
import type { Ec2Store, Location } from './store.ts';
import { readTagSpecifications, tagList } from './tags.ts';

export interface SubnetRecord {
  id: string;
  availabilityZone: string;
  cidr: string;
  /** Third octet of its addresses. */
  block: number;
}

/** The default VPC of an account in a Region; always there, with the same ids in every run. */
export interface DefaultNetwork {
  vpcId: string;
  subnets: SubnetRecord[];
  defaultGroupId: string;
}

export function defaultNetwork({ account, region }: Location): DefaultNetwork {
  const id = (prefix: string, what: string): string =>
    `${prefix}-${createHash('sha256').update(`${account}/${region}/${what}`).digest('hex').slice(0, 17)}`;
  return {
    vpcId: id('vpc', 'vpc'),
    subnets: ['a', 'b', 'c'].map((zone, index) => ({
      id: id('subnet', zone),
      availabilityZone: `${region}${zone}`,
      cidr: `172.31.${index * 16}.0/20`,
      block: index * 16,
    })),
    defaultGroupId: id('sg', 'default'),
  };
}

export function securityGroups(store: Ec2Store, where: Location): SecurityGroupRecord[] {
  const network = defaultNetwork(where);
  return [
    {
      id: network.defaultGroupId,
      name: 'default',
      description: 'default VPC security group',
      vpcId: network.vpcId,
      tags: {},
    },
    ...store.at(where).securityGroups.values(),
  ];
}

/** Regions that the local cloud answers for. */
export const REGIONS = [
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
] as const;

const REGION_FILTERS: FilterTable<string> = {
  endpoint: (region) => [`ec2.${region}.amazonaws.com`],
  'opt-in-status': () => ['opt-in-not-required'],
  'region-name': (region) => [region],
};

const SUBNET_FILTERS = (where: Location): FilterTable<SubnetRecord> => ({
  'availability-zone': (subnet) => [subnet.availabilityZone],
  'cidr-block': (subnet) => [subnet.cidr],
  'default-for-az': () => ['true'],
  'owner-id': () => [where.account],
  state: () => ['available'],
  'subnet-id': (subnet) => [subnet.id],
  'vpc-id': () => [defaultNetwork(where).vpcId],
});

const GROUP_FILTERS = (where: Location): FilterTable<SecurityGroupRecord> => ({
  description: (group) => [group.description],
  'group-id': (group) => [group.id],
  'group-name': (group) => [group.name],
  'owner-id': () => [where.account],
  'vpc-id': (group) => [group.vpcId],
});

export function networkOperations({ world, store }: Context): Operations {
  return {
    DescribeRegions: operation<DescribeRegionsRequest, DescribeRegionsResult>((request) => {
      const unknown = (request.RegionNames ?? []).find((name) => !REGIONS.some((region) => region === name));
      if (unknown !== undefined) throw invalidValue(unknown, 'region');
      const matches = createMatcher(request.Filters, REGION_FILTERS);
      const wanted = request.RegionNames ?? [];
      const found = REGIONS.filter((region) => wanted.length === 0 || wanted.includes(region)).filter(
        matches,
      );
      return {
        Regions: found.map((RegionName) => ({
          RegionName,
          Endpoint: `ec2.${RegionName}.amazonaws.com`,
          OptInStatus: 'opt-in-not-required',
        })),
      };
    }),

    DescribeVpcs: operation<DescribeVpcsRequest, DescribeVpcsResult>((request, call) => {
      const { vpcId } = defaultNetwork(call);
      const unknown = (request.VpcIds ?? []).find((id) => id !== vpcId);
      if (unknown !== undefined) {
        throw new AwsError('InvalidVpcID.NotFound', `The vpc ID '${unknown}' does not exist`);
      }
      const matches = createMatcher(
        request.Filters,
        {
          cidr: () => ['172.31.0.0/16'],
          'is-default': () => ['true'],
          isDefault: () => ['true'],
          'owner-id': () => [call.account],
          state: () => ['available'],
          'vpc-id': () => [vpcId],
        },
        () => ({}),
      );
      const vpc = {
        VpcId: vpcId,
        OwnerId: call.account,
        CidrBlock: '172.31.0.0/16',
        IsDefault: true,
        InstanceTenancy: 'default' as const,
        State: 'available' as const,
      };
      return { Vpcs: matches(vpcId) ? [vpc] : [] };
    }),

    DescribeSubnets: operation<DescribeSubnetsRequest, DescribeSubnetsResult>((request, call) => {
      const network = defaultNetwork(call);
      const ids = request.SubnetIds ?? [];
      const unknown = ids.find((id) => !network.subnets.some((subnet) => subnet.id === id));
      if (unknown !== undefined) throw subnetNotFound(unknown);
      const matches = createMatcher(request.Filters, SUBNET_FILTERS(call), () => ({}));
      const found = network.subnets.filter(
        (subnet) => (ids.length === 0 || ids.includes(subnet.id)) && matches(subnet),
      );
      const page = takePage(found, ({ id }) => id, request);
      return {
        Subnets: page.records.map((subnet) => ({
          SubnetId: subnet.id,
          SubnetArn: ownedArn(call, 'subnet', subnet.id),
          VpcId: network.vpcId,
          OwnerId: call.account,
          CidrBlock: subnet.cidr,
          AvailabilityZone: subnet.availabilityZone,
          AvailableIpAddressCount: 4091,
          DefaultForAz: true,
          MapPublicIpOnLaunch: true,
          State: 'available',
        })),
        ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
      };
    }),

    DescribeSecurityGroups: operation<DescribeSecurityGroupsRequest, DescribeSecurityGroupsResult>(
      (request, call) => {
        const groups = securityGroups(store, call);
        const ids = request.GroupIds ?? [];
        const names = request.GroupNames ?? [];
        for (const id of ids) if (!groups.some((group) => group.id === id)) throw groupNotFound(id);
        for (const name of names) if (!groups.some((group) => group.name === name)) throw groupNotFound(name);
        const matches = createMatcher(request.Filters, GROUP_FILTERS(call), ({ tags }) => tags);
        const found = groups.filter(
          (group) =>
            (ids.length === 0 || ids.includes(group.id)) &&
            (names.length === 0 || names.includes(group.name)) &&
            matches(group),
        );
        const page = takePage(found, ({ id }) => id, request);
        return {
          SecurityGroups: page.records.map((group) => ({
            GroupId: group.id,
            GroupName: group.name,
            Description: group.description,
            VpcId: group.vpcId,
            OwnerId: call.account,
            SecurityGroupArn: ownedArn(call, 'security-group', group.id),
            Tags: Object.keys(group.tags).length === 0 ? undefined : tagList(group.tags),
          })),
          ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
        };
      },
    ),

    // Groups are in the one VPC of the account, and associated with no other.
    DescribeSecurityGroupVpcAssociations: operation<
      DescribeSecurityGroupVpcAssociationsRequest,
      DescribeSecurityGroupVpcAssociationsResult
    >(() => ({ SecurityGroupVpcAssociations: [] })),

    CreateSecurityGroup: operation<CreateSecurityGroupRequest, CreateSecurityGroupResult>((request, call) => {
      const name = request.GroupName ?? '';
      const { vpcId } = defaultNetwork(call);
      if ((request.VpcId ?? vpcId) !== vpcId) {
        throw new AwsError('InvalidVpcID.NotFound', `The vpc ID '${request.VpcId}' does not exist`);
      }
      if (securityGroups(store, call).some((group) => group.name === name)) {
        throw new AwsError(
          'InvalidGroup.Duplicate',
          `The security group '${name}' already exists for VPC '${vpcId}'`,
        );
      }
      const tags = readTagSpecifications(request.TagSpecifications, ['security-group'])['security-group'];
      const id = world.ids.securityGroup();
      store
        .at(call)
        .securityGroups.set(id, { id, name, description: request.Description ?? '', vpcId, tags });
      return {
        GroupId: id,
        SecurityGroupArn: ownedArn(call, 'security-group', id),
        ...(Object.keys(tags).length === 0 ? {} : { Tags: tagList(tags) }),
      };
    }),

    DeleteSecurityGroup: operation<DeleteSecurityGroupRequest, object>((request, call) => {
      if (request.GroupId === undefined && request.GroupName === undefined) throw missingParameter('groupId');
      const group = securityGroups(store, call).find(
        ({ id, name }) =>
          id === request.GroupId || (request.GroupId === undefined && name === request.GroupName),
      );
      if (group === undefined) throw groupNotFound(request.GroupId ?? request.GroupName ?? '');
      if (group.name === 'default') {
        throw new AwsError('CannotDelete', 'the specified group: "default" name cannot be deleted by a user');
      }
      const home = store.at(call);
      const used = [...home.instances.values()].some(
        ({ state, securityGroups }) =>
          state !== 'terminated' && securityGroups.some(({ id }) => id === group.id),
      );
      if (used) throw new AwsError('DependencyViolation', `resource ${group.id} has a dependent object`);
      home.securityGroups.delete(group.id);
      return { Return: true, GroupId: group.id };
    }),
  };
}

export function subnetNotFound(id: string): AwsError {
  return new AwsError('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`);
}

export function groupNotFound(id: string): AwsError {
  return new AwsError('InvalidGroup.NotFound', `The security group '${id}' does not exist`);
}
