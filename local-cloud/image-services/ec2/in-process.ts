import type { CreateImageForRequest, Ec2Api, VolumeSpec } from './api.ts';
import { type Context, canSeeImage } from './context.ts';
import { copyImage } from './copy-image.ts';
import { addImage, addSnapshot, checkImageName, finishImage, removeImage, toDevice } from './image-making.ts';
import { terminate } from './instances-lifecycle.ts';
import { launchInstance } from './instances-run.ts';
import { namedKey, toKeyArn } from './keys.ts';
import type { StoredImage } from './records.ts';
import { tagList } from './tags.ts';

/** Implements EC2 for the builds and distributions of the other image services. */
export function ec2Api(context: Context): Ec2Api {
  const { world, store } = context;
  return {
    createImageFor: (request) => createImageFor(context, request),
    copyImageFor: async (request) =>
      copyImage(
        context,
        {
          Name: request.name,
          Description: request.description,
          SourceImageId: request.sourceImageId,
          SourceRegion: request.sourceRegion,
          Encrypted: request.kmsKeyId === undefined ? undefined : true,
          KmsKeyId: request.kmsKeyId,
          TagSpecifications: [
            { ResourceType: 'image', Tags: tagList(request.tags) },
            { ResourceType: 'snapshot', Tags: tagList(request.tags) },
          ],
        },
        { ...request, requestId: request.requestId ?? world.ids.uuid() },
      ),
    findImage(id, account, region) {
      const image = store.images(region).get(id);
      return image !== undefined && canSeeImage(image, account) ? image : undefined;
    },
    imageById: (id, region) => store.images(region).get(id),
    deregisterImage(id, region) {
      const image = store.images(region).get(id);
      if (image === undefined) return;
      removeImage(context, image, world.ids.uuid());
    },
    shareImage(id, region, accounts) {
      const image = store.images(region).get(id);
      for (const account of accounts) image?.sharedWith.add(account);
    },
    launchFor: (request) =>
      launchInstance(
        context,
        {
          imageId: request.imageId,
          instanceType: request.instanceType,
          subnetId: request.subnetId,
          securityGroupIds: request.securityGroupIds ?? [],
          securityGroupNames: [],
          metadata: {},
          mappings: request.mappings ?? [],
          tagSpecifications: (['instance', 'volume'] as const).map((ResourceType) => ({
            ResourceType,
            Tags: tagList(request.tags),
          })),
          shutdownBehavior: 'terminate',
        },
        request,
        { reservationId: world.ids.reservation(), profileArn: request.instanceProfileArn },
      ),
    terminateFor(instanceId, account, region) {
      const instance = store.at({ account, region }).instances.get(instanceId);
      if (instance === undefined || instance.state === 'terminated' || instance.state === 'shutting-down')
        return;
      terminate(context, instance, {
        code: 'Client.UserInitiatedShutdown',
        message: 'Client.UserInitiatedShutdown: User initiated shutdown',
      });
    },
    findInstance: (id, account, region) => store.at({ account, region }).instances.get(id),
    instancesOf: (account, region) => [...store.at({ account, region }).instances.values()],
  };
}

function createImageFor(context: Context, request: CreateImageForRequest): StoredImage {
  const { world, store } = context;
  const { account, region, name } = request;
  checkImageName(context, request, name);
  const parent = store.images(region).get(request.parentImageId ?? '');
  const home = store.at(request);
  const volumes: readonly VolumeSpec[] = request.volumes ??
    parent?.devices.map(({ deviceName, sizeGiB, kmsKeyArn }) => ({ deviceName, sizeGiB, kmsKeyArn })) ?? [
      { deviceName: '/dev/xvda', sizeGiB: 8, kmsKeyArn: undefined },
    ];
  const devices = volumes.map((volume) => {
    const named = home.encryptionByDefault ? namedKey(home, undefined) : undefined;
    const fallback =
      named && 'named' in named ? { arn: toKeyArn(named.named, request), awsManaged: false } : named;
    const own = parent?.devices.find(({ deviceName }) => deviceName === volume.deviceName);
    const parentSnapshot = store.snapshots(region).get(own?.snapshotId ?? '');
    const kmsKeyArn = volume.kmsKeyArn ?? parentSnapshot?.kmsKeyArn ?? fallback?.arn;
    const snapshot = addSnapshot(context, {
      ownerId: account,
      region,
      sizeGiB: volume.sizeGiB,
      volumeId: world.ids.volume(),
      description: `Created by CreateImage(${request.sourceInstanceId ?? 'i-'}) for ${name}`,
      kmsKeyArn,
      awsManagedKey:
        kmsKeyArn !== undefined &&
        (volume.awsManagedKey ??
          (kmsKeyArn === fallback?.arn
            ? fallback.awsManaged
            : kmsKeyArn === parentSnapshot?.kmsKeyArn && parentSnapshot.awsManagedKey)),
      tags: { ...(request.snapshotTags ?? request.tags) },
    });
    return toDevice(snapshot, { deviceName: volume.deviceName });
  });
  const image = addImage(context, {
    ownerId: account,
    region,
    name,
    description: request.description ?? '',
    architecture: request.architecture ?? parent?.architecture ?? 'x86_64',
    platformDetails: parent?.platformDetails ?? 'Linux/UNIX',
    rootDeviceName: parent?.rootDeviceName ?? devices[0]?.deviceName ?? '/dev/xvda',
    devices,
    bootMode: parent?.bootMode,
    imdsSupport: request.imdsSupport ?? parent?.imdsSupport,
    tags: { ...request.tags },
    sourceImageId: parent?.id,
    sourceImageRegion: parent?.region,
    sourceInstanceId: request.sourceInstanceId,
    inventory: request.inventory,
    hasAgent: request.hasAgent ?? parent?.hasAgent ?? true,
  });
  image.timer = world.clock.after(
    request.seconds ?? world.timings.createImage,
    () => finishImage(context, image, request.requestId ?? world.ids.uuid()),
    `create ${image.id}`,
  );
  return image;
}
