import type { BlockDeviceMapping, Reservation, RunInstancesRequest } from '@aws-sdk/client-ec2';
import { AwsError, type Call } from '../service.ts';
import { type Context, type Operations, once, operation } from './context.ts';
import { invalidValue } from './errors.ts';
import { findSnapshots } from './image-making.ts';
import { toReservation } from './instances-describe.ts';
import { moveTo, scheduleRunning, terminate } from './instances-lifecycle.ts';
import { keyAccess, namedKey, VOLUME_OPERATIONS } from './keys.ts';
import {
  findNetwork,
  type LaunchRequest,
  launchableImage,
  profileName,
  resolveLaunch,
} from './launch-plan.ts';
import type { InstanceRecord, StoredImage, Tags, VolumeRecord } from './records.ts';
import type { Location } from './store.ts';
import { readTagSpecifications } from './tags.ts';

/** The account and the role that launch: keys are used in the name of the role. */
export interface Launcher extends Location {
  principalArn: string;
}

const TAGGABLE = [
  'instance',
  'volume',
  'network-interface',
  'spot-instances-request',
  'elastic-gpu',
] as const;

export function runInstanceOperations(context: Context): Operations {
  return {
    RunInstances: operation<RunInstancesRequest, Reservation>((request, call) =>
      once(context.store.at(call), 'RunInstances', request.ClientToken, request, async () => {
        const instances = await runInstances(context, request, call);
        return toReservation(instances);
      }),
    ),
  };
}

async function runInstances(
  context: Context,
  request: RunInstancesRequest,
  call: Call,
): Promise<InstanceRecord[]> {
  const launch = await resolveLaunch(context, request, call);
  const most = request.MaxCount ?? 1;
  const least = request.MinCount ?? 1;
  if (least < 1 || most < least) {
    throw invalidValue(String(least), 'minCount', 'It must be at least 1 and at most maxCount.');
  }
  if ((request.ClientToken ?? '').length > 64) throw invalidValue(request.ClientToken ?? '', 'clientToken');
  const profileArn = await checkProfile(context, launch, call);
  const reservationId = context.world.ids.reservation();
  const instances: InstanceRecord[] = [];
  for (let index = 0; index < most; index += 1) {
    instances.push(
      await launchInstance(context, launch, call, {
        reservationId,
        profileArn,
        clientToken: request.ClientToken,
      }),
    );
  }
  return instances;
}

async function checkProfile(
  { world }: Context,
  launch: LaunchRequest,
  call: Call,
): Promise<string | undefined> {
  if (launch.profile === undefined) return undefined;
  const name = profileName(launch.profile);
  if (world.instanceProfileRole !== undefined) {
    const role = await world.instanceProfileRole({ account: call.account, name });
    if (role === undefined) {
      throw invalidValue(name, 'iamInstanceProfile.name', 'Invalid IAM Instance Profile name');
    }
  }
  return launch.profile.Arn ?? `arn:aws:iam::${call.account}:instance-profile/${name}`;
}

/** Starts one instance. A launch that fails after the answer ends as `terminated` with its reason, as on AWS. */
export async function launchInstance(
  context: Context,
  launch: LaunchRequest,
  launcher: Launcher,
  made: {
    reservationId: string;
    profileArn?: string | undefined;
    clientToken?: string | undefined;
  },
): Promise<InstanceRecord> {
  const { world, store } = context;
  const image = launchableImage(context, launcher, launch.imageId, launch.instanceType);
  const network = findNetwork(context, launcher, launch);
  const tags = readTagSpecifications(launch.tagSpecifications, TAGGABLE);
  const declared = world.behaviour.launchFailures.take(
    (failure) =>
      (failure.account ?? launcher.account) === launcher.account &&
      (failure.region ?? launcher.region) === launcher.region &&
      (failure.imageId ?? image.id) === image.id &&
      (failure.instanceType ?? launch.instanceType) === launch.instanceType &&
      (failure.subnetId ?? network.subnet.id) === network.subnet.id,
  );
  if (declared?.mode === 'refuse') throw new AwsError(declared.code, declared.reason, 500);
  const now = world.clock.now();
  const volumes = planVolumes(context, image, launch, launcher, tags.volume, now);
  const keyProblem = await findUnusableKey(context, image, volumes, launcher);
  // An image with ImdsSupport makes these the defaults (docs/aws/ec2-images.md#imds).
  const v2 = image.imdsSupport === 'v2.0';
  const home = store.at(launcher);
  const serial = home.instances.size + 10;
  const instance: InstanceRecord = {
    id: world.ids.instance(),
    reservationId: made.reservationId,
    ownerId: launcher.account,
    region: launcher.region,
    imageId: image.id,
    image,
    instanceType: launch.instanceType,
    architecture: image.architecture,
    state: 'pending',
    stateTransitionReason: '',
    launchTime: now,
    clientToken: made.clientToken,
    subnetId: network.subnet.id,
    vpcId: network.vpcId,
    availabilityZone: network.subnet.availabilityZone,
    privateIp: `172.31.${network.subnet.block + (Math.floor(serial / 250) % 16)}.${4 + (serial % 250)}`,
    networkInterfaceId: world.ids.networkInterface(),
    securityGroups: network.groups,
    instanceProfileArn: made.profileArn,
    keyName: launch.keyName,
    userData: launch.userData,
    shutdownBehavior: launch.shutdownBehavior,
    httpTokens: launch.metadata.HttpTokens ?? (v2 ? 'required' : 'optional'),
    hopLimit: launch.metadata.HttpPutResponseHopLimit ?? (v2 ? 2 : 1),
    instanceMetadataTags: launch.metadata.InstanceMetadataTags ?? 'disabled',
    launchTemplate: launch.template,
    tags: tags.instance,
    volumes,
  };
  if (launch.template !== undefined) {
    // EC2 says from which template an instance came [D:AWSEC2/UserGuide/launch-instances-from-launch-template].
    instance.tags['aws:ec2launchtemplate:id'] = launch.template.id;
    instance.tags['aws:ec2launchtemplate:version'] = String(launch.template.version);
  }
  home.instances.set(instance.id, instance);
  context.world.effects.begin('launch', instance.id);
  image.lastLaunchedTime = now;
  moveTo(context, instance, 'pending');
  const failure =
    declared !== undefined
      ? { code: declared.code, message: declared.reason }
      : keyProblem === undefined
        ? undefined
        : { code: 'Client.InternalError', message: 'Client.InternalError: Client error on launch' };
  if (failure === undefined) scheduleRunning(context, instance);
  else {
    instance.timer = world.clock.after(
      world.timings.launch,
      () => terminate(context, instance, failure),
      `launch of ${instance.id} fails`,
    );
  }
  return instance;
}

/** Why the launcher cannot use a key of the snapshots or of the new volumes, or undefined (docs/aws/ec2-images.md#encryption). */
async function findUnusableKey(
  context: Context,
  image: StoredImage,
  volumes: readonly VolumeRecord[],
  launcher: Launcher,
): Promise<string | undefined> {
  const keys = new Set(
    [...findSnapshots(context, image), ...volumes]
      // The key of AWS itself is for everybody in its account.
      .filter(({ awsManagedKey }) => !awsManagedKey)
      .map(({ kmsKeyArn }) => kmsKeyArn),
  );
  for (const key of keys) {
    if (key === undefined) continue;
    const answer = await keyAccess(context.world, launcher, key, VOLUME_OPERATIONS);
    if (!answer.usable) return answer.reason;
    for (const volume of volumes) if (volume.kmsKeyArn === key) volume.kmsKeyArn = answer.access.arn;
  }
  return undefined;
}

function planVolumes(
  context: Context,
  image: StoredImage,
  launch: LaunchRequest,
  where: Location,
  tags: Tags,
  now: Date,
): VolumeRecord[] {
  const { world, store } = context;
  const home = store.at(where);
  const snapshots = store.snapshots(where.region);
  const asked = new Map(launch.mappings.map((mapping) => [mapping.DeviceName ?? '', mapping]));
  const volume = (
    deviceName: string,
    from: { sizeGiB: number; volumeType: string; snapshotId?: string; deleteOnTermination: boolean },
    mapping: BlockDeviceMapping | undefined,
  ): VolumeRecord => {
    const snapshot = snapshots.get(from.snapshotId ?? '');
    const wanted = mapping?.Ebs?.Encrypted === true || home.encryptionByDefault;
    const named = namedKey(home, mapping?.Ebs?.KmsKeyId);
    const chosen = 'named' in named ? { arn: named.named, awsManaged: false } : named;
    const key =
      mapping?.Ebs?.KmsKeyId !== undefined || (wanted && snapshot?.kmsKeyArn === undefined)
        ? chosen
        : { arn: snapshot?.kmsKeyArn, awsManaged: snapshot?.awsManagedKey ?? false };
    return {
      id: world.ids.volume(),
      deviceName,
      sizeGiB: Math.max(from.sizeGiB, mapping?.Ebs?.VolumeSize ?? 0),
      volumeType: mapping?.Ebs?.VolumeType ?? from.volumeType,
      snapshotId: from.snapshotId,
      kmsKeyArn: key.arn,
      awsManagedKey: key.awsManaged,
      deleteOnTermination: mapping?.Ebs?.DeleteOnTermination ?? from.deleteOnTermination,
      createdAt: now,
      state: 'in-use',
      tags: { ...tags },
    };
  };
  const removed = (name: string): boolean => asked.get(name)?.NoDevice !== undefined;
  const own = image.devices
    .filter(({ deviceName }) => !removed(deviceName))
    .map((device) => volume(device.deviceName, device, asked.get(device.deviceName)));
  const more = launch.mappings
    .filter(
      ({ DeviceName, Ebs }) =>
        Ebs !== undefined && !image.devices.some((device) => device.deviceName === DeviceName),
    )
    .map((mapping) =>
      volume(
        mapping.DeviceName ?? '',
        {
          sizeGiB: mapping.Ebs?.VolumeSize ?? snapshots.get(mapping.Ebs?.SnapshotId ?? '')?.sizeGiB ?? 8,
          volumeType: 'gp2',
          deleteOnTermination: true,
          ...(mapping.Ebs?.SnapshotId === undefined ? {} : { snapshotId: mapping.Ebs.SnapshotId }),
        },
        mapping,
      ),
    );
  return [...own, ...more];
}
