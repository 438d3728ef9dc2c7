/** Test instances on EC2: without a way in, with IMDSv2 only, found again by client token and by tags. */
import {
  type _InstanceType,
  DescribeInstancesCommand,
  type EC2Client,
  type Filter,
  type Instance,
  paginateDescribeInstances,
  RunInstancesCommand,
  type RunInstancesCommandOutput,
  type Tag,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand, type SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import type { Shortage } from '../domain/bakes/placing.ts';
import { TryLater } from '../domain/base/errors.ts';
import { TAGS } from '../domain/base/naming.ts';
import type { TestInstances } from '../ports/test-instances.ts';
import { isShortageName } from './aws-error-classes.ts';
import { callAwsForBuild, ignoreErrors } from './aws-errors.ts';

export interface TestInstancesOptions {
  readonly ec2: EC2Client;
  /** Says whether the agent on the instance is online; only `status` asks. */
  readonly ssm: SSMClient;
  /** Where and as what they run; only `launch` needs it. */
  readonly network?: {
    readonly subnets: readonly string[];
    readonly securityGroupId: string;
    readonly instanceProfile: string;
  };
}

/** The SDK knows a list of types; EC2 decides which there are. */
const InstanceTypeSchema = z.custom<_InstanceType>((value) => typeof value === 'string');
const UNKNOWN_INSTANCE = ['InvalidInstanceID.NotFound'];
const NOT_ENDED = ['pending', 'running', 'stopping', 'stopped'];

export function ec2TestInstances(options: TestInstancesOptions): TestInstances {
  const { ec2, ssm, network: place } = options;
  return {
    async launch({ clientToken, imageId, instanceTypes, placement, placing, hopLimit, tags }) {
      if (place === undefined)
        throw new Error('These test instances were made to be looked at, not launched.');
      const Tags: Tag[] = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      const subnets = placement.subnets ?? place.subnets;
      const placements = instanceTypes.length * subnets.length;
      const instanceType = instanceTypes[Math.floor(placing / subnets.length) % instanceTypes.length];
      const subnet = subnets[placing % subnets.length];
      const answer = await launchOrShortage(`${instanceType} in ${subnet}`, () =>
        ec2.send(
          new RunInstancesCommand({
            ClientToken: clientToken,
            ImageId: imageId,
            InstanceType: InstanceTypeSchema.parse(instanceType),
            MinCount: 1,
            MaxCount: 1,
            SubnetId: subnet,
            SecurityGroupIds: placement.securityGroups ?? [place.securityGroupId],
            IamInstanceProfile: { Name: placement.instanceProfile ?? place.instanceProfile },
            MetadataOptions: {
              HttpTokens: 'required',
              HttpEndpoint: 'enabled',
              ...(hopLimit === undefined ? {} : { HttpPutResponseHopLimit: hopLimit }),
            },
            InstanceInitiatedShutdownBehavior: 'terminate',
            TagSpecifications: [
              { ResourceType: 'instance', Tags },
              { ResourceType: 'volume', Tags },
              { ResourceType: 'network-interface', Tags },
            ],
          }),
        ),
      );
      if ('shortage' in answer) return { ...answer, placements };
      const instance = answer.Instances?.[0]?.InstanceId;
      if (instance === undefined) throw new TryLater('RunInstances answered without an instance.');
      return { instance, placements };
    },

    async status(instance) {
      const found = await readInstance(ec2, instance);
      const state = found?.State?.Name;
      if (state === undefined || state === 'pending') return { state: 'starting' };
      // Such as `Client.InternalError: Client error on launch` of a key that may not be used.
      const { Message: why, Code: code = '' } = found?.StateReason ?? {};
      if (state !== 'running')
        return {
          state: 'gone',
          reason: `it is ${state}${why === undefined ? '' : ` (${why})`}`,
          isShortage: isShortageName(code.replace(/^(?:Server|Client)\./, '')),
        };
      const agents = await callAwsForBuild('DescribeInstanceInformation', () =>
        ssm.send(
          new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [instance] }] }),
        ),
      );
      const online = agents.InstanceInformationList?.some((agent) => agent.PingStatus === 'Online') ?? false;
      return { state: online ? 'ready' : 'starting' };
    },

    async terminate(instances) {
      // One by one: one that is unknown would make EC2 refuse all of them (ec2 TerminateInstances).
      for (const instance of instances) {
        // A right that ends at a tag is refused, not told that nothing is there, once the instance is forgotten (docs/aws/permissions.md#ec2).
        const found = await readInstance(ec2, instance);
        if (found === undefined || found.State?.Name === 'terminated') continue;
        await ignoreErrors(UNKNOWN_INSTANCE, () =>
          callAwsForBuild('TerminateInstances', () =>
            ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] })),
          ),
        );
      }
    },

    async findByBake(bake, attempt) {
      const filters: Filter[] = [
        { Name: `tag:${TAGS.bake}`, Values: [bake] },
        { Name: 'instance-state-name', Values: NOT_ENDED },
        ...(attempt === undefined ? [] : [{ Name: `tag:${TAGS.attempt}`, Values: [String(attempt)] }]),
      ];
      const pages = await callAwsForBuild('DescribeInstances', () =>
        Array.fromAsync(paginateDescribeInstances({ client: ec2 }, { Filters: filters })),
      );
      return pages
        .flatMap(({ Reservations = [] }) => Reservations.flatMap(({ Instances = [] }) => Instances))
        .flatMap(({ InstanceId }) => InstanceId ?? []);
    },
  };
}

/** What there is no room for is told as data: another place may have it. */
async function launchOrShortage(
  what: string,
  launch: () => Promise<RunInstancesCommandOutput>,
): Promise<RunInstancesCommandOutput | { readonly shortage: Shortage }> {
  return await callAwsForBuild('RunInstances', async () => {
    try {
      return await launch();
    } catch (error) {
      if (!(error instanceof Error) || !isShortageName(error.name)) throw error;
      const reason = `${what}: ${error.name}: ${error.message}`;
      return { shortage: { reason, isLasting: error.name === 'Unsupported' } };
    }
  });
}

/** Undefined where EC2 does not know it (yet): what was just launched may not be visible at once (ec2 eventual consistency). */
async function readInstance(ec2: EC2Client, instance: string): Promise<Instance | undefined> {
  const answer = await ignoreErrors(UNKNOWN_INSTANCE, () =>
    callAwsForBuild('DescribeInstances', () =>
      ec2.send(new DescribeInstancesCommand({ InstanceIds: [instance] })),
    ),
  );
  return answer?.Reservations?.[0]?.Instances?.[0];
}
