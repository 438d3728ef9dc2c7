/** Test instances on EC2: without a way in, with IMDSv2 only, found again by client token and by tags. */
import {
  type _InstanceType,
  DescribeInstancesCommand,
  type EC2Client,
  type Filter,
  RunInstancesCommand,
  type Tag,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand, type SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { TryLater } from '../domain/base/errors.ts';
import { TAGS } from '../domain/base/naming.ts';
import type { TestInstances } from '../ports/test-instances.ts';
import { callAwsForBuild, isError } from './aws-errors.ts';

export interface TestInstancesOptions {
  readonly ec2: EC2Client;
  /** Says whether the agent on the instance is online; only `status` asks. */
  readonly ssm: SSMClient;
  /** Where and as what they run; only `launch` needs it. */
  readonly network?: {
    readonly subnetId: string;
    readonly securityGroupId: string;
    readonly instanceProfile: string;
  };
}

/** The SDK knows a list of types; EC2 decides which there are. */
const InstanceTypeSchema = z.custom<_InstanceType>((value) => typeof value === 'string');
const NOT_ENDED = ['pending', 'running', 'stopping', 'stopped'];

export function ec2TestInstances(options: TestInstancesOptions): TestInstances {
  const { ec2, ssm, network: place } = options;
  return {
    async launch({ clientToken, imageId, instanceType, tags }) {
      if (place === undefined)
        throw new Error('These test instances were made to be looked at, not launched.');
      const Tags: Tag[] = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      const answer = await callAwsForBuild('RunInstances', () =>
        ec2.send(
          new RunInstancesCommand({
            ClientToken: clientToken,
            ImageId: imageId,
            InstanceType: InstanceTypeSchema.parse(instanceType),
            MinCount: 1,
            MaxCount: 1,
            SubnetId: place.subnetId,
            SecurityGroupIds: [place.securityGroupId],
            IamInstanceProfile: { Name: place.instanceProfile },
            MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled' },
            InstanceInitiatedShutdownBehavior: 'terminate',
            TagSpecifications: [
              { ResourceType: 'instance', Tags },
              { ResourceType: 'volume', Tags },
            ],
          }),
        ),
      );
      const instance = answer.Instances?.[0]?.InstanceId;
      if (instance === undefined) throw new TryLater('RunInstances answered without an instance.');
      return { instance };
    },

    async status(instance) {
      const state = await readInstanceState(ec2, instance);
      if (state === undefined || state === 'pending') return { state: 'starting' };
      if (state !== 'running') return { state: 'gone', reason: `it is ${state}` };
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
        try {
          await callAwsForBuild('TerminateInstances', () =>
            ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] })),
          );
        } catch (error) {
          if (!isError(error, 'InvalidInstanceID.NotFound')) throw error;
        }
      }
    },

    async findByBake(bake, attempt) {
      const filters: Filter[] = [
        { Name: `tag:${TAGS.bake}`, Values: [bake] },
        { Name: 'instance-state-name', Values: NOT_ENDED },
        ...(attempt === undefined ? [] : [{ Name: `tag:${TAGS.attempt}`, Values: [String(attempt)] }]),
      ];
      return await findInstances(ec2, filters);
    },
  };
}

/** Undefined where EC2 does not know it (yet): what was just launched may not be visible at once (ec2 eventual consistency). */
async function readInstanceState(ec2: EC2Client, instance: string): Promise<string | undefined> {
  try {
    const answer = await callAwsForBuild('DescribeInstances', () =>
      ec2.send(new DescribeInstancesCommand({ InstanceIds: [instance] })),
    );
    return answer.Reservations?.[0]?.Instances?.[0]?.State?.Name;
  } catch (error) {
    if (isError(error, 'InvalidInstanceID.NotFound')) return undefined;
    throw error;
  }
}

async function findInstances(ec2: EC2Client, filters: Filter[]): Promise<string[]> {
  const found: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await callAwsForBuild('DescribeInstances', () =>
      ec2.send(
        new DescribeInstancesCommand({ Filters: filters, ...(NextToken === undefined ? {} : { NextToken }) }),
      ),
    );
    for (const reservation of page.Reservations ?? []) {
      for (const { InstanceId } of reservation.Instances ?? []) {
        if (InstanceId !== undefined) found.push(InstanceId);
      }
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return found;
}
