import type { Ec2Api } from '../ec2/api.ts';
import type { InstanceRecord } from '../ec2/records.ts';
import { canRegister } from '../instance-calls.ts';
import type { Shape, World } from '../service.ts';

/** The managed instances that Run Command sees. */
export interface Nodes {
  /** Instances whose agent has registered; terminated ones are gone. */
  managed(account: string, region: string): Promise<InstanceRecord[]>;
  /** The instance if its agent is online now. */
  online(instanceId: string, account: string, region: string): Promise<InstanceRecord | undefined>;
}

/**
 * An instance is managed some seconds after it runs, when its image has the agent and the role of its instance profile lets the agent register
 * [D:systems-manager/userguide/setup-instance-permissions].
 */
export const createNodes = (world: World, ec2: Ec2Api): Nodes => {
  const registered = new Set<string>();
  const agentRuns = (instance: InstanceRecord): boolean => {
    if (instance.state !== 'running' || !instance.image.hasAgent) return false;
    if (instance.checksOkAt === undefined) return false;
    const runningSince = instance.checksOkAt - world.timings.statusChecks;
    return world.clock.elapsed() >= runningSince + world.timings.managed;
  };
  const isOnline = async (instance: InstanceRecord): Promise<boolean> => {
    if (!agentRuns(instance)) return false;
    if (!registered.has(instance.id) && (await canRegister(world, instance))) registered.add(instance.id);
    return registered.has(instance.id);
  };
  return {
    async managed(account, region) {
      const instances = ec2.instancesOf(account, region).filter(({ state }) => state !== 'terminated');
      await Promise.all(instances.map(isOnline));
      return instances.filter(({ id }) => registered.has(id));
    },
    async online(instanceId, account, region) {
      const instance = ec2.findInstance(instanceId, account, region);
      return instance !== undefined && (await isOnline(instance)) ? instance : undefined;
    },
  };
};

export const isWindows = ({ image }: InstanceRecord): boolean => image.platformDetails.startsWith('Windows');

/** A managed instance as DescribeInstanceInformation returns it [M:ssm InstanceInformation]. */
export const describeNode = (world: World, instance: InstanceRecord): Shape => ({
  InstanceId: instance.id,
  PingStatus: instance.state === 'running' ? 'Online' : 'ConnectionLost',
  LastPingDateTime: world.clock.now(),
  AgentVersion: '3.3.1802.0',
  IsLatestVersion: true,
  PlatformType: isWindows(instance) ? 'Windows' : 'Linux',
  PlatformName: isWindows(instance) ? 'Microsoft Windows Server' : 'Amazon Linux',
  PlatformVersion: '2023',
  ResourceType: 'EC2Instance',
  IPAddress: instance.privateIp,
  ComputerName: `ip-${instance.privateIp.replaceAll('.', '-')}.${instance.region}.compute.internal`,
  SourceId: instance.id,
  SourceType: 'AWS::EC2::Instance',
});
