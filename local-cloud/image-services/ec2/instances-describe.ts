import type {
  DescribeInstanceStatusRequest,
  DescribeInstanceStatusResult,
  DescribeInstancesRequest,
  DescribeInstancesResult,
  DescribeVolumesRequest,
  DescribeVolumesResult,
  Instance,
  InstanceStatusSummary,
  Reservation,
} from '@aws-sdk/client-ec2';
import { AwsError, type World } from '../service.ts';
import { type Context, type Operations, operation } from './context.ts';
import { invalidCombination } from './errors.ts';
import { createMatcher, type FilterTable } from './filters.ts';
import { findInstances, STATE_CODES } from './instances-lifecycle.ts';
import { takePage } from './pages.ts';
import type { InstanceRecord, VolumeRecord } from './records.ts';
import { tagList } from './tags.ts';

// [M:op DescribeInstances, Filters]
const FILTERS: FilterTable<InstanceRecord> = {
  architecture: (instance) => [instance.architecture],
  'availability-zone': (instance) => [instance.availabilityZone],
  'client-token': (instance) => [instance.clientToken],
  'iam-instance-profile.arn': (instance) => [instance.instanceProfileArn],
  'iam-instance-profile.name': (instance) => [instance.instanceProfileArn?.split('/').at(-1)],
  'image-id': (instance) => [instance.imageId],
  'instance-id': (instance) => [instance.id],
  'instance-state-code': (instance) => [String(STATE_CODES[instance.state])],
  'instance-state-name': (instance) => [instance.state],
  'instance-type': (instance) => [instance.instanceType],
  'instance.group-id': (instance) => instance.securityGroups.map(({ id }) => id),
  'instance.group-name': (instance) => instance.securityGroups.map(({ name }) => name),
  'key-name': (instance) => [instance.keyName],
  'launch-time': (instance) => [instance.launchTime.toISOString()],
  'metadata-options.http-tokens': (instance) => [instance.httpTokens],
  'owner-id': (instance) => [instance.ownerId],
  'private-ip-address': (instance) => [instance.privateIp],
  'reservation-id': (instance) => [instance.reservationId],
  'root-device-name': (instance) => [instance.image.rootDeviceName],
  'root-device-type': () => ['ebs'],
  'state-reason-code': (instance) => [instance.stateReason?.code],
  'subnet-id': (instance) => [instance.subnetId],
  'virtualization-type': (instance) => [instance.image.virtualizationType],
  'vpc-id': (instance) => [instance.vpcId],
};

interface AttachedVolume {
  volume: VolumeRecord;
  instance: InstanceRecord;
}

const VOLUME_FILTERS: FilterTable<AttachedVolume> = {
  'attachment.instance-id': ({ instance }) => [instance.id],
  'availability-zone': ({ instance }) => [instance.availabilityZone],
  encrypted: ({ volume }) => [String(volume.kmsKeyArn !== undefined)],
  size: ({ volume }) => [String(volume.sizeGiB)],
  'snapshot-id': ({ volume }) => [volume.snapshotId],
  status: ({ volume }) => [volume.state],
  'volume-id': ({ volume }) => [volume.id],
  'volume-type': ({ volume }) => [volume.volumeType],
};

export function describeInstanceOperations(context: Context): Operations {
  const { world, store } = context;
  return {
    DescribeInstances: operation<DescribeInstancesRequest, DescribeInstancesResult>((request, call) => {
      const ids = request.InstanceIds ?? [];
      if (ids.length > 0 && request.MaxResults !== undefined) {
        throw invalidCombination('The parameter instancesSet cannot be used with the parameter maxResults');
      }
      findInstances(context, call, ids);
      const matches = createMatcher(request.Filters, FILTERS, ({ tags }) => tags);
      const found = [...store.at(call).instances.values()].filter(
        (instance) =>
          (ids.length === 0 || ids.includes(instance.id)) &&
          !world.effects.isHidden(instance.id) &&
          matches(instance),
      );
      const page = takePage(found, ({ reservationId, id }) => `${reservationId}/${id}`, request);
      const groups = new Map<string, InstanceRecord[]>();
      for (const instance of page.records) {
        groups.set(instance.reservationId, [...(groups.get(instance.reservationId) ?? []), instance]);
      }
      return {
        Reservations: [...groups.values()].map(toReservation),
        ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
      };
    }),

    DescribeInstanceStatus: operation<DescribeInstanceStatusRequest, DescribeInstanceStatusResult>(
      (request, call) => {
        const ids = request.InstanceIds ?? [];
        findInstances(context, call, ids);
        const matches = createMatcher(request.Filters, {
          'availability-zone': (instance: InstanceRecord) => [instance.availabilityZone],
          'instance-state-code': (instance) => [String(STATE_CODES[instance.state])],
          'instance-state-name': (instance) => [instance.state],
          'instance-status.status': (instance) => [checks(world, instance)],
          'system-status.status': (instance) => [checks(world, instance)],
        });
        const found = [...store.at(call).instances.values()].filter(
          (instance) =>
            (ids.length === 0 || ids.includes(instance.id)) &&
            // Without IncludeAllInstances only running instances have a status.
            (instance.state === 'running' || request.IncludeAllInstances === true) &&
            matches(instance),
        );
        const page = takePage(found, ({ id }) => id, request);
        return {
          InstanceStatuses: page.records.map((instance) => ({
            InstanceId: instance.id,
            AvailabilityZone: instance.availabilityZone,
            InstanceState: { Code: STATE_CODES[instance.state], Name: instance.state },
            InstanceStatus: summary(world, instance),
            SystemStatus: summary(world, instance),
          })),
          ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
        };
      },
    ),

    DescribeVolumes: operation<DescribeVolumesRequest, DescribeVolumesResult>((request, call) => {
      const ids = request.VolumeIds ?? [];
      const all = [...store.at(call).instances.values()].flatMap((instance) =>
        instance.volumes.map((volume): AttachedVolume => ({ volume, instance })),
      );
      const unknown = ids.find((id) => !all.some(({ volume }) => volume.id === id));
      if (unknown !== undefined) {
        throw new AwsError('InvalidVolume.NotFound', `The volume '${unknown}' does not exist.`);
      }
      const matches = createMatcher(request.Filters, VOLUME_FILTERS, ({ volume }) => volume.tags);
      const found = all.filter(
        (placed) => (ids.length === 0 || ids.includes(placed.volume.id)) && matches(placed),
      );
      const page = takePage(found, ({ volume }) => volume.id, request);
      return {
        Volumes: page.records.map(({ volume, instance }) => ({
          VolumeId: volume.id,
          Size: volume.sizeGiB,
          SnapshotId: volume.snapshotId ?? '',
          AvailabilityZone: instance.availabilityZone,
          State: volume.state,
          CreateTime: volume.createdAt,
          VolumeType: sdkName<'gp3'>(volume.volumeType),
          Encrypted: volume.kmsKeyArn !== undefined,
          KmsKeyId: volume.kmsKeyArn,
          Tags: Object.keys(volume.tags).length === 0 ? undefined : tagList(volume.tags),
          Attachments:
            volume.state === 'in-use'
              ? [
                  {
                    InstanceId: instance.id,
                    VolumeId: volume.id,
                    Device: volume.deviceName,
                    State: 'attached' as const,
                    DeleteOnTermination: volume.deleteOnTermination,
                    AttachTime: volume.createdAt,
                  },
                ]
              : undefined,
        })),
        ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
      };
    }),
  };
}

function checks(world: World, instance: InstanceRecord): 'ok' | 'initializing' | 'not-applicable' {
  if (instance.state !== 'running' || instance.checksOkAt === undefined) return 'not-applicable';
  return world.clock.elapsed() >= instance.checksOkAt ? 'ok' : 'initializing';
}

function summary(world: World, instance: InstanceRecord): InstanceStatusSummary {
  const status = checks(world, instance);
  if (status === 'not-applicable') return { Status: status };
  return {
    Status: status,
    Details: [{ Name: 'reachability', Status: status === 'ok' ? 'passed' : 'initializing' }],
  };
}

export function toReservation(instances: readonly InstanceRecord[]): Reservation {
  const [first] = instances;
  return {
    ReservationId: first?.reservationId,
    OwnerId: first?.ownerId,
    Groups: [],
    Instances: instances.map(toInstance),
  };
}

function toInstance(instance: InstanceRecord, index: number): Instance {
  const { image } = instance;
  const gone = instance.state === 'terminated';
  const groups = instance.securityGroups.map(({ id, name }) => ({ GroupId: id, GroupName: name }));
  const dnsName = `ip-${instance.privateIp.replaceAll('.', '-')}.${instance.region}.compute.internal`;
  return {
    InstanceId: instance.id,
    ImageId: instance.imageId,
    State: { Code: STATE_CODES[instance.state], Name: instance.state },
    StateReason:
      instance.stateReason === undefined
        ? undefined
        : { Code: instance.stateReason.code, Message: instance.stateReason.message },
    StateTransitionReason: instance.stateTransitionReason,
    InstanceType: sdkName<'t3.micro'>(instance.instanceType),
    Architecture: sdkName<'x86_64'>(instance.architecture),
    LaunchTime: instance.launchTime,
    AmiLaunchIndex: index,
    ClientToken: instance.clientToken,
    KeyName: instance.keyName,
    Placement: { AvailabilityZone: instance.availabilityZone, Tenancy: 'default' },
    Monitoring: { State: 'disabled' },
    PrivateDnsName: gone ? '' : dnsName,
    PublicDnsName: '',
    PrivateIpAddress: gone ? undefined : instance.privateIp,
    SubnetId: gone ? undefined : instance.subnetId,
    VpcId: gone ? undefined : instance.vpcId,
    IamInstanceProfile:
      instance.instanceProfileArn === undefined ? undefined : { Arn: instance.instanceProfileArn },
    SecurityGroups: gone ? [] : groups,
    NetworkInterfaces: gone
      ? []
      : [
          {
            NetworkInterfaceId: instance.networkInterfaceId,
            OwnerId: instance.ownerId,
            SubnetId: instance.subnetId,
            VpcId: instance.vpcId,
            PrivateIpAddress: instance.privateIp,
            Groups: groups,
            Status: 'in-use',
          },
        ],
    BlockDeviceMappings: instance.volumes
      .filter(({ state }) => state === 'in-use')
      .map((volume) => ({
        DeviceName: volume.deviceName,
        Ebs: {
          VolumeId: volume.id,
          Status: 'attached' as const,
          AttachTime: volume.createdAt,
          DeleteOnTermination: volume.deleteOnTermination,
        },
      })),
    RootDeviceName: image.rootDeviceName,
    RootDeviceType: 'ebs',
    EbsOptimized: false,
    EnaSupport: image.enaSupport,
    Hypervisor: 'xen',
    VirtualizationType: sdkName<'hvm'>(image.virtualizationType),
    PlatformDetails: image.platformDetails,
    BootMode: image.bootMode === undefined ? undefined : sdkName<'uefi'>(image.bootMode),
    MetadataOptions: {
      State: 'applied',
      HttpTokens: instance.httpTokens,
      HttpPutResponseHopLimit: instance.hopLimit,
      HttpEndpoint: 'enabled',
      InstanceMetadataTags: instance.instanceMetadataTags,
    },
    Tags: Object.keys(instance.tags).length === 0 ? undefined : tagList(instance.tags),
  };
}

/** A value as the SDK's union, which is open on the wire. */
function sdkName<T extends string>(value: string): T {
  return value as T;
}
