import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeInstancesCommand, EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import type { LocalCloud } from '../../local-cloud/client.ts';
import { findArtifactId } from '../../shared/domain/artifacts/artifacts.ts';
import type { Observation } from './observe.ts';
import type { Launch } from './schema.ts';

/** An instance that was started from a release, and what became of it. */
export interface LaunchResult extends Launch {
  readonly state: string;
  readonly reason: string;
}

const ANSWER = z.object({ instanceId: z.string() });
const WITHIN_MS = 60_000;

/** Starts an instance from the current release in a target, waits until it runs or has ended, and ends it. */
export async function launchFromRelease(
  cloud: LocalCloud,
  launch: Launch,
  { releases }: Observation,
): Promise<LaunchResult> {
  const { pipeline, account, region, as } = launch;
  const target = releases
    .filter((release) => release.pipeline === pipeline)
    .at(-1)
    ?.targets.find((candidate) => candidate.account === account && candidate.region === region);
  if (target === undefined)
    throw new Error(`${pipeline} has no release in ${account}/${region} to start an instance from.`);
  const imageId = findArtifactId(target.artifact);
  const answer = await cloud.control.imageServices('launch-as', { account, region, imageId, as });
  const { instanceId } = ANSWER.parse(answer);
  const ec2 = new EC2Client(cloud.clientConfig(account, region));
  try {
    const ended = await untilSettled(ec2, instanceId);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    return { ...launch, ...ended };
  } finally {
    ec2.destroy();
  }
}

async function untilSettled(
  ec2: EC2Client,
  instanceId: string,
): Promise<{ readonly state: string; readonly reason: string }> {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
    const instance = Reservations[0]?.Instances?.[0];
    const state = instance?.State?.Name ?? 'unknown';
    if (state === 'running' || state === 'terminated')
      return { state, reason: instance?.StateReason?.Message ?? '' };
    if (Date.now() > deadline) throw new Error(`${instanceId} is still ${state}.`);
    await sleep(200);
  }
}
