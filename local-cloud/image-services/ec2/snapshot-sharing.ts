import type {
  DescribeSnapshotAttributeRequest,
  DescribeSnapshotAttributeResult,
  ModifySnapshotAttributeRequest,
} from '@aws-sdk/client-ec2';
import { sharedName } from '../effects.ts';
import { EC2_QUOTAS } from '../quotas.ts';
import { AwsError } from '../service.ts';
import { type Context, type Operations, operation, requireAllowed } from './context.ts';
import {
  invalidCombination,
  invalidValue,
  missingParameter,
  notPermitted,
  snapshotNotFound,
} from './errors.ts';
import { emitSnapshot } from './events.ts';
import type { SnapshotRecord } from './records.ts';
import type { Location } from './store.ts';

export function ownSnapshot({ store }: Context, { account, region }: Location, id: string): SnapshotRecord {
  const snapshot = store.snapshots(region).get(id);
  if (snapshot === undefined || snapshot.ownerId !== account) throw snapshotNotFound(id);
  return snapshot;
}

export function snapshotSharingOperations(context: Context): Operations {
  const { world } = context;
  return {
    DescribeSnapshotAttribute: operation<DescribeSnapshotAttributeRequest, DescribeSnapshotAttributeResult>(
      (request, call) => {
        const attribute = requireAllowed(
          request.Attribute ?? '',
          ['createVolumePermission', 'productCodes'] as const,
          'attribute',
        );
        const snapshot = ownSnapshot(context, call, request.SnapshotId ?? '');
        if (attribute === 'productCodes') return { SnapshotId: snapshot.id, ProductCodes: [] };
        return {
          SnapshotId: snapshot.id,
          CreateVolumePermissions: [
            ...(snapshot.public ? [{ Group: 'all' as const }] : []),
            ...[...snapshot.sharedWith].map((UserId) => ({ UserId })),
          ],
        };
      },
    ),

    ModifySnapshotAttribute: operation<ModifySnapshotAttributeRequest, object>((request, call) => {
      const snapshot = ownSnapshot(context, call, request.SnapshotId ?? '');
      const { add, remove } = snapshotModifications(request);
      if (add.length > 0 && snapshot.awsManagedKey) {
        throw new AwsError('InvalidParameter', 'Encrypted snapshots with EBS default key cannot be shared');
      }
      for (const { userId, group } of add) {
        if (group !== undefined) {
          if (snapshot.kmsKeyArn !== undefined)
            throw notPermitted('Encrypted snapshots cannot be made public.');
          snapshot.public = true;
        }
        if (userId !== undefined && !snapshot.sharedWith.has(userId)) {
          snapshot.sharedWith.add(userId);
          world.effects.begin('share', sharedName(snapshot.id, userId));
          emitSnapshot(world, snapshot, { name: 'shareSnapshot', with: userId });
        }
      }
      for (const { userId, group } of remove) {
        if (group !== undefined) snapshot.public = false;
        if (userId !== undefined) snapshot.sharedWith.delete(userId);
      }
      return {};
    }),
  };
}

interface SnapshotModification {
  userId?: string | undefined;
  group?: string | undefined;
}

/** Accounts and the group to add or to remove; one of both per call, at most 500 (docs/aws/ec2-images.md#sharing). */
export function snapshotModifications(request: ModifySnapshotAttributeRequest): {
  add: SnapshotModification[];
  remove: SnapshotModification[];
} {
  const structured = (list: { UserId?: string | undefined; Group?: string | undefined }[] | undefined) =>
    (list ?? []).map(({ UserId, Group }) => ({ userId: UserId, group: Group }));
  const flat: SnapshotModification[] = [
    ...(request.UserIds ?? []).map((userId) => ({ userId })),
    ...(request.GroupNames ?? []).map((group) => ({ group })),
  ];
  if (flat.length > 0 && request.OperationType === undefined) throw missingParameter('operationType');
  const add = [
    ...structured(request.CreateVolumePermission?.Add),
    ...(request.OperationType === 'add' ? flat : []),
  ];
  const remove = [
    ...structured(request.CreateVolumePermission?.Remove),
    ...(request.OperationType === 'remove' ? flat : []),
  ];
  if (add.length + remove.length === 0) throw missingParameter('createVolumePermission');
  if (add.length > 0 && remove.length > 0) {
    throw invalidCombination('Only one of add and remove can be specified in a request.');
  }
  for (const { userId, group } of [...add, ...remove]) {
    if (userId !== undefined && !/^\d{12}$/.test(userId)) throw invalidValue(userId, 'userId');
    if (group !== undefined && group !== 'all') throw invalidValue(group, 'group');
  }
  if (add.length + remove.length > EC2_QUOTAS.snapshotModifications) {
    throw new AwsError(
      'InvalidParameterValue',
      `At most ${EC2_QUOTAS.snapshotModifications} permissions can be modified in a request.`,
    );
  }
  return { add, remove };
}
