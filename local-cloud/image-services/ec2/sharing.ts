import type {
  DescribeImageAttributeRequest,
  ImageAttribute,
  LaunchPermission,
  ModifyImageAttributeRequest,
  ResetImageAttributeRequest,
} from '@aws-sdk/client-ec2';
import { recordCall } from '../cloudtrail.ts';
import { sharedName } from '../effects.ts';
import { EC2_QUOTAS } from '../quotas.ts';
import { AwsError } from '../service.ts';
import { type Context, canSeeImage, type Operations, operation, requireAllowed } from './context.ts';
import {
  authFailure,
  imageNotFound,
  incorrectState,
  invalidValue,
  missingParameter,
  notPermitted,
} from './errors.ts';
import { findSnapshots } from './image-making.ts';
import { toMappings } from './images-describe.ts';
import type { StoredImage } from './records.ts';
import type { Location } from './store.ts';

/** The caller's own image. A visible image of another account is refused as not owned. */
export function ownImage({ store }: Context, { account, region }: Location, id: string): StoredImage {
  const image = store.images(region).get(id);
  if (image === undefined || !(image.ownerId === account || canSeeImage(image, account)))
    throw imageNotFound(id);
  if (image.ownerId !== account) throw authFailure(`image:${id}`);
  return image;
}

export function sharingOperations(context: Context): Operations {
  return {
    DescribeImageAttribute: operation<DescribeImageAttributeRequest, ImageAttribute>((request, call) => {
      const id = request.ImageId ?? '';
      const attribute = requireAllowed(
        request.Attribute ?? '',
        [
          'description',
          'launchPermission',
          'blockDeviceMapping',
          'bootMode',
          'tpmSupport',
          'imdsSupport',
          'lastLaunchedTime',
          'deregistrationProtection',
          'productCodes',
          'sriovNetSupport',
          'kernel',
          'ramdisk',
          'uefiData',
        ] as const,
        'attribute',
      );
      const image = ownImage(context, call, id);
      const value = (Value: string | undefined) => (Value === undefined ? {} : { Value });
      switch (attribute) {
        case 'description':
          return { ImageId: id, Description: value(image.description) };
        case 'launchPermission':
          return { ImageId: id, LaunchPermissions: listLaunchPermissions(image) };
        case 'blockDeviceMapping':
          return { ImageId: id, BlockDeviceMappings: toMappings(image) };
        case 'bootMode':
          return { ImageId: id, BootMode: value(image.bootMode) };
        case 'tpmSupport':
          return { ImageId: id, TpmSupport: value(image.tpmSupport) };
        case 'imdsSupport':
          return { ImageId: id, ImdsSupport: value(image.imdsSupport) };
        case 'lastLaunchedTime':
          return { ImageId: id, LastLaunchedTime: value(image.lastLaunchedTime?.toISOString()) };
        case 'deregistrationProtection':
          return { ImageId: id, DeregistrationProtection: value(image.deregistrationProtection) };
        case 'productCodes':
          return { ImageId: id, ProductCodes: [] };
        default:
          return { ImageId: id };
      }
    }),

    ModifyImageAttribute: operation<ModifyImageAttributeRequest, object>((request, call) =>
      recordCall(context.world, call, toRecorded(request), () => {
        const image = ownImage(context, call, request.ImageId ?? '');
        modifyImage(context, image, request);
        return {};
      }),
    ),

    ResetImageAttribute: operation<ResetImageAttributeRequest, object>((request, call) => {
      requireAllowed(request.Attribute ?? '', ['launchPermission'] as const, 'attribute');
      const image = ownImage(context, call, request.ImageId ?? '');
      clearLaunchPermissions(image);
      return {};
    }),
  };
}

export function listLaunchPermissions(image: StoredImage): LaunchPermission[] {
  return [
    ...(image.public ? [{ Group: 'all' as const }] : []),
    ...[...image.sharedWith].map((UserId) => ({ UserId })),
    ...[...image.sharedWithOrganizations].map((OrganizationArn) => ({ OrganizationArn })),
    ...[...image.sharedWithUnits].map((OrganizationalUnitArn) => ({ OrganizationalUnitArn })),
  ];
}

export function clearLaunchPermissions(image: StoredImage): void {
  image.public = false;
  image.sharedWith.clear();
  image.sharedWithOrganizations.clear();
  image.sharedWithUnits.clear();
}

/** As a trail shows it, by names of its own: docs/aws/events.md#calls-recorded-by-cloudtrail. */
function toRecorded(request: ModifyImageAttributeRequest) {
  const { add, remove } = launchModifications(request);
  const list = (permissions: readonly LaunchPermission[]) => ({
    items: permissions.map((permission) =>
      Object.fromEntries(
        Object.entries(permission).map(([name, value]) => [
          `${name.charAt(0).toLowerCase()}${name.slice(1)}`,
          value,
        ]),
      ),
    ),
  });
  return {
    service: 'ec2',
    operation: 'ModifyImageAttribute',
    parameters: {
      attributeType: findAttribute(request),
      imageId: request.ImageId,
      launchPermission: {
        ...(add.length > 0 ? { add: list(add) } : {}),
        ...(remove.length > 0 ? { remove: list(remove) } : {}),
      },
    },
  } as const;
}

function findAttribute(request: ModifyImageAttributeRequest): string {
  if (request.Attribute !== undefined) return request.Attribute;
  if (request.Description !== undefined) return 'description';
  return request.ImdsSupport === undefined ? 'launchPermission' : 'imdsSupport';
}

/** One attribute per call: description, imdsSupport or launchPermission (docs/aws/ec2-images.md#sharing). */
function modifyImage(context: Context, image: StoredImage, request: ModifyImageAttributeRequest): void {
  const attribute = findAttribute(request);
  switch (
    requireAllowed(attribute, ['description', 'imdsSupport', 'launchPermission'] as const, 'attribute')
  ) {
    case 'description':
      image.description = request.Description?.Value ?? request.Value ?? '';
      return;
    case 'imdsSupport':
      // It cannot be taken back (docs/aws/ec2-images.md#imds).
      requireAllowed(request.ImdsSupport?.Value ?? request.Value ?? '', ['v2.0'] as const, 'imdsSupport');
      image.imdsSupport = 'v2.0';
      return;
    case 'launchPermission':
      modifyLaunchPermission(context, image, request);
  }
}

function modifyLaunchPermission(
  context: Context,
  image: StoredImage,
  request: ModifyImageAttributeRequest,
): void {
  if (image.state !== 'available') {
    throw incorrectState(
      `The image ${image.id} is ${image.state}; launch permissions need an available image.`,
    );
  }
  const { add, remove } = launchModifications(request);
  if (add.length + remove.length === 0) throw missingParameter('launchPermission');
  if (add.length > 0 && findSnapshots(context, image).some(({ awsManagedKey }) => awsManagedKey)) {
    throw new AwsError(
      'InvalidParameter',
      'Snapshots encrypted with the AWS Managed CMK can’t be shared. Specify another snapshot.',
    );
  }
  for (const permission of [...add, ...remove]) checkLaunchPermission(permission);
  const shared = new Set([...image.sharedWith, ...image.sharedWithOrganizations, ...image.sharedWithUnits]);
  for (const permission of add) {
    const entity = permission.UserId ?? permission.OrganizationArn ?? permission.OrganizationalUnitArn;
    if (entity !== undefined) shared.add(entity);
  }
  if (shared.size > EC2_QUOTAS.sharingEntities) {
    throw new AwsError(
      'ResourceLimitExceeded',
      `An AMI can be shared with at most ${EC2_QUOTAS.sharingEntities} entities.`,
    );
  }
  if (add.some(({ Group }) => Group === 'all')) {
    if (findSnapshots(context, image).some(({ kmsKeyArn }) => kmsKeyArn !== undefined)) {
      throw notPermitted('Images with encrypted snapshots cannot be made public.');
    }
  }
  for (const permission of add) {
    if (permission.Group === 'all') image.public = true;
    if (permission.UserId !== undefined && !image.sharedWith.has(permission.UserId)) {
      image.sharedWith.add(permission.UserId);
      context.world.effects.begin('share', sharedName(image.id, permission.UserId));
    }
    if (permission.OrganizationArn !== undefined)
      image.sharedWithOrganizations.add(permission.OrganizationArn);
    if (permission.OrganizationalUnitArn !== undefined)
      image.sharedWithUnits.add(permission.OrganizationalUnitArn);
  }
  for (const permission of remove) {
    if (permission.Group === 'all') image.public = false;
    image.sharedWith.delete(permission.UserId ?? '');
    image.sharedWithOrganizations.delete(permission.OrganizationArn ?? '');
    image.sharedWithUnits.delete(permission.OrganizationalUnitArn ?? '');
  }
}

/** Permissions to add and remove, whether they come as a structure or in the older flat form. */
export function launchModifications(request: ModifyImageAttributeRequest): {
  add: LaunchPermission[];
  remove: LaunchPermission[];
} {
  const flat: LaunchPermission[] = [
    ...(request.UserIds ?? []).map((UserId) => ({ UserId })),
    ...(request.UserGroups ?? []).map((group) => ({
      Group: requireAllowed(group, ['all'] as const, 'userGroup'),
    })),
    ...(request.OrganizationArns ?? []).map((OrganizationArn) => ({ OrganizationArn })),
    ...(request.OrganizationalUnitArns ?? []).map((OrganizationalUnitArn) => ({ OrganizationalUnitArn })),
  ];
  if (flat.length > 0 && request.OperationType === undefined) throw missingParameter('operationType');
  return {
    add: [...(request.LaunchPermission?.Add ?? []), ...(request.OperationType === 'add' ? flat : [])],
    remove: [
      ...(request.LaunchPermission?.Remove ?? []),
      ...(request.OperationType === 'remove' ? flat : []),
    ],
  };
}

function checkLaunchPermission(permission: LaunchPermission): void {
  const { UserId, Group, OrganizationArn, OrganizationalUnitArn } = permission;
  if (UserId !== undefined && !/^\d{12}$/.test(UserId)) {
    throw new AwsError(
      'InvalidAMIAttributeItemValue',
      `Invalid attribute item value "${UserId}" for userId item type.`,
    );
  }
  if (Group !== undefined && Group !== 'all') throw invalidValue(Group, 'group');
  // Bare ids are errors; the ARN names the management account (docs/aws/ec2-images.md#sharing).
  if (
    OrganizationArn !== undefined &&
    !/^arn:aws:organizations::\d{12}:organization\/o-[a-z0-9]+$/.test(OrganizationArn)
  ) {
    throw invalidValue(OrganizationArn, 'organizationArn');
  }
  if (
    OrganizationalUnitArn !== undefined &&
    !/^arn:aws:organizations::\d{12}:ou\/o-[a-z0-9]+\/ou-[a-z0-9-]+$/.test(OrganizationalUnitArn)
  ) {
    throw invalidValue(OrganizationalUnitArn, 'organizationalUnitArn');
  }
}
