import type {
  BlockDeviceMapping,
  CreateImageRequest,
  CreateImageResult,
  DeleteSnapshotReturnCode,
  DeregisterImageRequest,
  DeregisterImageResult,
  DisableImageDeprecationRequest,
  DisableImageDeregistrationProtectionRequest,
  DisableImageRequest,
  EnableImageDeprecationRequest,
  EnableImageDeregistrationProtectionRequest,
  EnableImageRequest,
  RegisterImageRequest,
  RegisterImageResult,
} from '@aws-sdk/client-ec2';
import { AwsError, type Call } from '../service.ts';
import { type Context, canSeeSnapshot, type Operations, operation } from './context.ts';
import {
  incorrectState,
  instancesNotFound,
  invalidValue,
  missingParameter,
  notPermitted,
  snapshotNotFound,
} from './errors.ts';
import { emitImageState } from './events.ts';
import {
  addImage,
  addSnapshot,
  checkImageName,
  finishImage,
  imagesUsing,
  removeImage,
  toDevice,
} from './image-making.ts';
import type { ImageDevice, SnapshotRecord, StoredImage } from './records.ts';
import { clearLaunchPermissions, ownImage } from './sharing.ts';
import { readTagSpecifications } from './tags.ts';

const SUCCESS = { Return: true };
const TEN_YEARS_MS = 10 * 365.25 * 24 * 3600 * 1000;

export function imageLifecycleOperations(context: Context): Operations {
  const { world } = context;
  return {
    CreateImage: operation<CreateImageRequest, CreateImageResult>((request, call) => ({
      ImageId: createImage(context, request, call).id,
    })),

    RegisterImage: operation<RegisterImageRequest, RegisterImageResult>((request, call) => ({
      ImageId: registerImage(context, request, call).id,
    })),

    DeregisterImage: operation<DeregisterImageRequest, DeregisterImageResult>((request, call) => {
      const image = ownImage(context, call, request.ImageId ?? '');
      if (image.deregistrationProtection !== 'disabled') {
        throw notPermitted(`The image ${image.id} is protected from deregistration.`);
      }
      removeImage(context, image, call.requestId);
      if (request.DeleteAssociatedSnapshots !== true) return SUCCESS;
      return { ...SUCCESS, DeleteSnapshotResults: deleteSnapshots(context, image) };
    }),

    EnableImageDeprecation: operation<EnableImageDeprecationRequest, object>((request, call) => {
      const image = ownImage(context, call, request.ImageId ?? '');
      const at = request.DeprecateAt;
      if (at === undefined) throw missingParameter('deprecateAt');
      const now = world.clock.now().getTime();
      if (at.getTime() <= now || at.getTime() > now + TEN_YEARS_MS) {
        throw invalidValue(
          at.toISOString(),
          'deprecateAt',
          'It must be in the future and at most 10 years away.',
        );
      }
      // Seconds are rounded to the nearest minute [M:EnableImageDeprecationRequest.DeprecateAt].
      image.deprecationTime = new Date(Math.round(at.getTime() / 60_000) * 60_000);
      return SUCCESS;
    }),

    DisableImageDeprecation: operation<DisableImageDeprecationRequest, object>((request, call) => {
      ownImage(context, call, request.ImageId ?? '').deprecationTime = undefined;
      return SUCCESS;
    }),

    DisableImage: operation<DisableImageRequest, object>((request, call) => {
      const image = ownImage(context, call, request.ImageId ?? '');
      if (image.state === 'disabled') return SUCCESS;
      if (image.state !== 'available') throw incorrectState(`The image ${image.id} is ${image.state}.`);
      // Launch permissions go, and do not come back with EnableImage (docs/aws/ec2-images.md#end-of-life).
      clearLaunchPermissions(image);
      image.state = 'disabled';
      emitImageState(world, image, 'disabled', call.requestId);
      return SUCCESS;
    }),

    EnableImage: operation<EnableImageRequest, object>((request, call) => {
      const image = ownImage(context, call, request.ImageId ?? '');
      if (image.state === 'available') return SUCCESS;
      if (image.state !== 'disabled') throw incorrectState(`The image ${image.id} is ${image.state}.`);
      image.state = 'available';
      emitImageState(world, image, 'available', call.requestId);
      return SUCCESS;
    }),

    EnableImageDeregistrationProtection: operation<EnableImageDeregistrationProtectionRequest, object>(
      (request, call) => {
        const protection =
          request.WithCooldown === true ? 'enabled-with-cooldown' : 'enabled-without-cooldown';
        ownImage(context, call, request.ImageId ?? '').deregistrationProtection = protection;
        return { Return: protection };
      },
    ),

    DisableImageDeregistrationProtection: operation<DisableImageDeregistrationProtectionRequest, object>(
      (request, call) => {
        ownImage(context, call, request.ImageId ?? '').deregistrationProtection = 'disabled';
        return { Return: 'disabled' };
      },
    ),
  };
}

/** Snapshots that another image holds are skipped; the image is gone in any case (docs/aws/ec2-images.md#end-of-life). */
function deleteSnapshots(context: Context, image: StoredImage): DeleteSnapshotReturnCode[] {
  const snapshots = context.store.snapshots(image.region);
  return image.devices.map(({ snapshotId }) => {
    const snapshot = snapshots.get(snapshotId);
    if (snapshot === undefined) return { SnapshotId: snapshotId, ReturnCode: 'client-error' };
    if (snapshot.ownerId !== image.ownerId) {
      return { SnapshotId: snapshotId, ReturnCode: 'missing-permissions' };
    }
    if (imagesUsing(context, snapshot).length > 0) return { SnapshotId: snapshotId, ReturnCode: 'skipped' };
    snapshots.delete(snapshotId);
    return { SnapshotId: snapshotId, ReturnCode: 'success' };
  });
}

function createImage(context: Context, request: CreateImageRequest, call: Call): StoredImage {
  const { world, store } = context;
  const instance = store.at(call).instances.get(request.InstanceId ?? '');
  if (instance === undefined) throw instancesNotFound([request.InstanceId ?? '']);
  if (instance.state !== 'running' && instance.state !== 'stopped') {
    throw incorrectState(`Instance is not in state 'running' or 'stopped'. It is ${instance.state}.`);
  }
  const name = request.Name ?? '';
  checkImageName(context, call, name);
  const tags = readTagSpecifications(request.TagSpecifications, ['image', 'snapshot']);
  const devices = instance.volumes.map((volume) => {
    const snapshot = addSnapshot(context, {
      ownerId: call.account,
      region: call.region,
      sizeGiB: volume.sizeGiB,
      volumeId: volume.id,
      description: `Created by CreateImage(${instance.id}) for ${name}`,
      kmsKeyArn: volume.kmsKeyArn,
      awsManagedKey: volume.awsManagedKey,
      tags: { ...tags.snapshot },
    });
    return toDevice(snapshot, { deviceName: volume.deviceName, volumeType: volume.volumeType });
  });
  const { image: parent } = instance;
  const image = addImage(context, {
    ownerId: call.account,
    region: call.region,
    name,
    description: request.Description ?? '',
    architecture: instance.architecture,
    platformDetails: parent.platformDetails,
    rootDeviceName: parent.rootDeviceName,
    devices,
    bootMode: parent.bootMode,
    imdsSupport: parent.imdsSupport,
    tags: tags.image,
    sourceImageId: parent.id,
    sourceImageRegion: parent.region,
    sourceInstanceId: instance.id,
    inventory: parent.inventory,
    hasAgent: parent.hasAgent,
  });
  image.timer = world.clock.after(
    world.timings.createImage,
    () => finishImage(context, image, call.requestId),
    `create ${image.id}`,
  );
  return image;
}

function registerImage(context: Context, request: RegisterImageRequest, call: Call): StoredImage {
  const { world } = context;
  checkImageName(context, call, request.Name ?? '');
  if (request.ImageLocation !== undefined) {
    throw invalidValue(
      request.ImageLocation,
      'imageLocation',
      'Images from S3 are not part of the local cloud.',
    );
  }
  const rootDeviceName = request.RootDeviceName ?? '/dev/sda1';
  const devices = (request.BlockDeviceMappings ?? []).flatMap((mapping) =>
    registeredDevice(context, mapping, call),
  );
  if (!devices.some(({ deviceName }) => deviceName === rootDeviceName)) {
    throw new AwsError(
      'InvalidBlockDeviceMapping',
      `The block device mapping has no EBS device ${rootDeviceName}, the root device.`,
    );
  }
  const tags = readTagSpecifications(request.TagSpecifications, ['image', 'snapshot']);
  const image = addImage(context, {
    ownerId: call.account,
    region: call.region,
    name: request.Name ?? '',
    description: request.Description ?? '',
    architecture: request.Architecture ?? 'i386',
    rootDeviceName,
    devices,
    virtualizationType: request.VirtualizationType ?? 'paravirtual',
    bootMode: request.BootMode,
    tpmSupport: request.TpmSupport,
    imdsSupport: request.ImdsSupport === 'v2.0' ? 'v2.0' : undefined,
    enaSupport: request.EnaSupport ?? false,
    tags: tags.image,
  });
  image.timer = world.clock.after(
    world.timings.registerImage,
    () => finishImage(context, image, call.requestId),
    `register ${image.id}`,
  );
  return image;
}

function registeredDevice(context: Context, mapping: BlockDeviceMapping, call: Call): ImageDevice[] {
  const { Ebs, DeviceName } = mapping;
  if (Ebs === undefined || DeviceName === undefined) return [];
  if (Ebs.SnapshotId === undefined) {
    throw new AwsError('InvalidBlockDeviceMapping', `The device ${DeviceName} names no snapshot.`);
  }
  const snapshot = completedSnapshot(context, Ebs.SnapshotId, call);
  return [
    toDevice(snapshot, {
      deviceName: DeviceName,
      sizeGiB: Math.max(snapshot.sizeGiB, Ebs.VolumeSize ?? 0),
      volumeType: Ebs.VolumeType ?? 'gp2',
      iops: Ebs.Iops,
      throughput: Ebs.Throughput,
      deleteOnTermination: Ebs.DeleteOnTermination ?? true,
    }),
  ];
}

function completedSnapshot({ store }: Context, id: string, call: Call): SnapshotRecord {
  const snapshot = store.snapshots(call.region).get(id);
  if (snapshot === undefined || !canSeeSnapshot(snapshot, call.account)) throw snapshotNotFound(id);
  if (snapshot.state !== 'completed')
    throw incorrectState(`Snapshot is in invalid state - ${snapshot.state}`);
  return snapshot;
}
