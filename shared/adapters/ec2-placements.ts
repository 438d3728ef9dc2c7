/** The port Placements on EC2 and IAM. */
import {
  DescribeSecurityGroupsCommand,
  DescribeSecurityGroupVpcAssociationsCommand,
  DescribeSubnetsCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { GetInstanceProfileCommand, type IAMClient } from '@aws-sdk/client-iam';
import { findPartition } from '../domain/base/regions.ts';
import type { PlacementLimits } from '../domain/definitions/placement.ts';
import type { Placements } from '../ports/placements.ts';
import { callAwsForDistribution } from './aws-refusals.ts';

export function createPlacements(
  clients: { readonly ec2: EC2Client; readonly iam: IAMClient },
  region: string,
  limits: PlacementLimits,
): Placements {
  return {
    async describe({ subnets, securityGroups, instanceProfiles }) {
      const [places, groups, profiles] = await Promise.all([
        describeSubnets(clients.ec2, region, subnets),
        describeGroups(clients.ec2, securityGroups),
        Promise.all(instanceProfiles.map((name) => describeProfile(clients.iam, name))),
      ]);
      return {
        subnets: new Map(places),
        securityGroups: new Map(groups),
        instanceProfiles: new Map(profiles.flat()),
        limits,
      };
    },
  };
}

/** A filter leaves out what is not there, where ids would refuse the whole call (ec2 DescribeSubnetsRequest.Filters). */
async function describeSubnets(
  client: EC2Client,
  region: string,
  ids: readonly string[],
): Promise<[string, string][]> {
  if (ids.length === 0) return [];
  const Filters = [{ Name: 'subnet-id', Values: [...ids] }];
  const answer = await callAwsForDistribution('Reading subnets', () =>
    client.send(new DescribeSubnetsCommand({ Filters })),
  );
  // The owner of a shared subnet owns its VPC (vpc/latest/userguide/vpc-sharing).
  return (answer?.Subnets ?? []).map(({ SubnetId = '', VpcId = '', OwnerId = '' }) => [
    SubnetId,
    `arn:${findPartition(region)}:ec2:${region}:${OwnerId}:vpc/${VpcId}`,
  ]);
}

/** A group may be associated with further VPCs than the one that it was created in (vpc/latest/userguide/security-group-assoc). */
async function describeGroups(client: EC2Client, ids: readonly string[]): Promise<[string, string[]][]> {
  if (ids.length === 0) return [];
  const Filters = [{ Name: 'group-id', Values: [...ids] }];
  const what = 'Reading security groups';
  const [created, associated] = await Promise.all([
    callAwsForDistribution(what, () => client.send(new DescribeSecurityGroupsCommand({ Filters }))),
    callAwsForDistribution(what, () =>
      client.send(new DescribeSecurityGroupVpcAssociationsCommand({ Filters })),
    ),
  ]);
  return (created?.SecurityGroups ?? []).map(({ GroupId = '', VpcId = '' }) => [
    GroupId,
    [
      VpcId,
      ...(associated?.SecurityGroupVpcAssociations ?? [])
        .filter((association) => association.GroupId === GroupId && association.State === 'associated')
        .flatMap((association) => association.VpcId ?? []),
    ],
  ]);
}

async function describeProfile(client: IAMClient, name: string): Promise<[string, string][]> {
  const answer = await callAwsForDistribution(
    `Reading the instance profile ${name}`,
    () => client.send(new GetInstanceProfileCommand({ InstanceProfileName: name })),
    { absent: ['NoSuchEntityException', 'NoSuchEntity'] },
  );
  const profile = answer?.InstanceProfile;
  return profile === undefined ? [] : [[name, profile.Roles?.[0]?.Arn ?? '']];
}
