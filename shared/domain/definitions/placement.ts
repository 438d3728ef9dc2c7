/** Whether AWS starts instances where, and as what, a definition places them. */
import type { Problem } from '../base/errors.ts';
import type { Definition, Placement } from './definition.ts';

type Use = 'build' | 'tests';

/** What definitions name to place instances with. */
export interface PlacementNames {
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  readonly instanceProfiles: readonly string[];
}

/** What there is of the names that were asked for, in the home region and the control account; what is not there is left out. */
export interface PlacementFacts {
  /** ARN of the VPC of each subnet, with the account that owns it. */
  readonly subnets: ReadonlyMap<string, string>;
  /** Ids of the VPCs in which each security group may be used. */
  readonly securityGroups: ReadonlyMap<string, readonly string[]>;
  /** ARN of the role of each instance profile; empty where it has none. */
  readonly instanceProfiles: ReadonlyMap<string, string>;
  readonly limits: PlacementLimits;
}

/** What the operator lets definitions name, by parameters of the stack. */
export interface PlacementLimits {
  /** BuildVpcId. */
  readonly vpc: string;
  /** OtherVpcs, as ARNs. */
  readonly otherVpcs: readonly string[];
  /** InstanceRoles: ARNs of roles, or of a path with `*` behind it. */
  readonly roles: readonly string[];
}

/** All that the definition names, once each. */
export function listPlacementNames({ build, tests }: Pick<Definition, Use>): PlacementNames {
  const placements = [build.placement, tests.placement];
  const unite = (list: (placement: Placement) => readonly string[]) => [...new Set(placements.flatMap(list))];
  return {
    subnets: unite(({ subnets = [] }) => subnets),
    securityGroups: unite(({ securityGroups = [] }) => securityGroups),
    instanceProfiles: unite(({ instanceProfile }) =>
      instanceProfile === undefined ? [] : [instanceProfile],
    ),
  };
}

export function findPlacementProblems(
  definition: Pick<Definition, Use>,
  uses: readonly Use[],
  facts: PlacementFacts,
): Problem[] {
  return uses.flatMap((use) => {
    const { placement } = definition[use];
    return [
      ...findSubnetProblems(use, placement, facts),
      ...findGroupProblems(use, placement, facts),
      ...findProfileProblems(use, placement, facts),
    ];
  });
}

function findSubnetProblems(
  use: Use,
  { subnets = [], securityGroups }: Placement,
  facts: PlacementFacts,
): Problem[] {
  return subnets.flatMap((subnet, index): Problem[] => {
    const field = `${use}.placement.subnets[${index}]`;
    const vpc = facts.subnets.get(subnet);
    if (vpc === undefined)
      return [
        {
          field,
          message: `there is no ${subnet} in the home region, or its owner does not share it with the control account`,
          fix: 'Correct the id, or have the subnet shared: aws ec2 describe-subnets lists those that may be used.',
        },
      ];
    if (readVpcId(vpc) === facts.limits.vpc) return [];
    // EC2 Image Builder starts build instances by a role of its own, which no VPC limits; test instances are started by ours.
    if (use === 'tests' && !facts.limits.otherVpcs.includes(vpc))
      return [
        {
          field,
          message: `${subnet} is in ${readVpcId(vpc)}, in which the installation may start no test instances`,
          fix: `Add ${vpc} to the parameter OtherVpcs of the stack, or name a subnet of ${facts.limits.vpc}.`,
        },
      ];
    if (securityGroups === undefined)
      return [
        {
          field: `${use}.placement.securityGroups`,
          message: `is left out, and the security group of the installation is in ${facts.limits.vpc}, but ${subnet} is in ${readVpcId(vpc)}`,
          fix: `Name security groups of ${readVpcId(vpc)}.`,
        },
      ];
    return [];
  });
}

/** ec2 RunInstances refuses a network interface whose groups cannot be used in the VPC of its subnet (`InvalidGroup.NotFound`). */
function findGroupProblems(
  use: Use,
  { subnets = [], securityGroups = [] }: Placement,
  facts: PlacementFacts,
): Problem[] {
  return securityGroups.flatMap((group, index): Problem[] => {
    const field = `${use}.placement.securityGroups[${index}]`;
    const vpcs = facts.securityGroups.get(group);
    if (vpcs === undefined)
      return [
        {
          field,
          message: `there is no ${group} in the home region that the control account may use`,
          fix: 'Correct the id: aws ec2 describe-security-groups lists those that there are.',
        },
      ];
    const places =
      subnets.length === 0
        ? [{ subnet: 'the subnets of the installation', vpc: facts.limits.vpc }]
        : subnets.map((subnet) => ({ subnet, vpc: readVpcId(facts.subnets.get(subnet) ?? '') }));
    const misfit = places.find(({ vpc }) => vpc !== '' && !vpcs.includes(vpc));
    if (misfit === undefined) return [];
    return [
      {
        field,
        message: `${group} cannot be used in ${misfit.vpc}, the VPC of ${misfit.subnet}`,
        fix: `Name a security group of ${misfit.vpc}, or associate this one with it: aws ec2 associate-security-group-vpc --group-id ${group} --vpc-id ${misfit.vpc}`,
      },
    ];
  });
}

function findProfileProblems(use: Use, { instanceProfile }: Placement, facts: PlacementFacts): Problem[] {
  if (instanceProfile === undefined) return [];
  const field = `${use}.placement.instanceProfile`;
  const role = facts.instanceProfiles.get(instanceProfile);
  if (role === undefined)
    return [
      {
        field,
        message: `there is no instance profile ${instanceProfile} in the control account`,
        fix: 'Correct its name, without a path: aws iam list-instance-profiles lists those that there are.',
      },
    ];
  if (role === '')
    return [
      {
        field,
        message: `the instance profile ${instanceProfile} has no role`,
        fix: `Give it one: aws iam add-role-to-instance-profile --instance-profile-name ${instanceProfile} --role-name ROLE`,
      },
    ];
  if (facts.limits.roles.some((allowed) => isAmong(role, allowed))) return [];
  return [
    {
      field,
      message: `the installation may give instances no role ${role}`,
      fix: 'Add it to the parameter InstanceRoles of the stack, or name a profile whose role is among them.',
    },
  ];
}

function isAmong(role: string, allowed: string): boolean {
  return allowed.endsWith('*') ? role.startsWith(allowed.slice(0, -1)) : role === allowed;
}

function readVpcId(arn: string): string {
  return arn.slice(arn.indexOf('/') + 1);
}
