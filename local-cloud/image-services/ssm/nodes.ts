import type { Ec2Api } from '../ec2/api.ts';
import type { InstanceRecord } from '../ec2/records.ts';
import type { Shape, World } from '../service.ts';

/** The managed instances that Run Command sees. */
export interface Nodes {
  /** Instances whose agent has registered; terminated ones are gone. */
  managed(account: string, region: string): InstanceRecord[];
  /** The instance if it takes commands now. */
  online(instanceId: string, account: string, region: string): InstanceRecord | undefined;
}

/**
 * An instance is managed some seconds after it runs, when it has an instance profile: its agent needs the profile's credentials to
 * register [D:systems-manager/userguide/setup-instance-permissions].
 */
export const createNodes = (world: World, ec2: Ec2Api): Nodes => {
  const registered = new Set<string>();
  const isOnline = (instance: InstanceRecord): boolean => {
    if (instance.state !== 'running' || instance.instanceProfileArn === undefined) return false;
    if (instance.checksOkAt === undefined) return false;
    const runningSince = instance.checksOkAt - world.timings.statusChecks;
    return world.clock.elapsed() >= runningSince + world.timings.managed;
  };
  return {
    managed(account, region) {
      const instances = ec2.instancesOf(account, region).filter(({ state }) => state !== 'terminated');
      for (const instance of instances) if (isOnline(instance)) registered.add(instance.id);
      return instances.filter(({ id }) => registered.has(id));
    },
    online(instanceId, account, region) {
      const instance = ec2.findInstance(instanceId, account, region);
      return instance !== undefined && isOnline(instance) ? instance : undefined;
    },
  };
};

/** A managed instance as DescribeInstanceInformation returns it [M:ssm InstanceInformation]. */
export const describeNode = (world: World, instance: InstanceRecord): Shape => ({
  InstanceId: instance.id,
  PingStatus: instance.state === 'running' ? 'Online' : 'ConnectionLost',
  LastPingDateTime: world.clock.now(),
  AgentVersion: '3.3.1802.0',
  IsLatestVersion: true,
  PlatformType: instance.image.platformDetails.startsWith('Windows') ? 'Windows' : 'Linux',
  PlatformName: instance.image.platformDetails.startsWith('Windows')
    ? 'Microsoft Windows Server'
    : 'Amazon Linux',
  PlatformVersion: '2023',
  ResourceType: 'EC2Instance',
  IPAddress: instance.privateIp,
  ComputerName: `ip-${instance.privateIp.replaceAll('.', '-')}.${instance.region}.compute.internal`,
  SourceId: instance.id,
  SourceType: 'AWS::EC2::Instance',
});
