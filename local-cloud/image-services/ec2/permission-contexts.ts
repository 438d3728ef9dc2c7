import type { ModifySnapshotAttributeRequest, TagSpecification } from '@aws-sdk/client-ec2';
import type { Call, Permission } from '../service.ts';
import type { SnapshotRecord, StoredImage } from './records.ts';
import { snapshotModifications } from './snapshot-sharing.ts';
import { readTags, requestTagContext, resourceTagContext } from './tags.ts';

/** Tags at creation need `ec2:CreateTags` on the new resource, with the creating operation as a condition key. */
export function createTags(
  operation: string,
  request: { TagSpecifications?: TagSpecification[] | undefined },
  call: Call,
  resources: Readonly<Record<string, string>>,
): Permission[] {
  return Object.entries(resources).flatMap(([type, resource]) => {
    const tags = tagsFor(request, type);
    if (Object.keys(tags).length === 0) return [];
    return [
      {
        action: 'ec2:CreateTags',
        resource,
        context: { 'ec2:Region': call.region, 'ec2:CreateAction': operation, ...tags },
      },
    ];
  });
}

export function tagsFor(
  request: { TagSpecifications?: TagSpecification[] | undefined },
  type: string,
): Record<string, string> {
  const given = (request.TagSpecifications ?? []).filter(({ ResourceType }) => ResourceType === type);
  return requestTagContext(Object.assign({}, ...given.map(({ Tags }) => readTags(Tags))));
}

export function imageContext(image: StoredImage | undefined, call: Call): Record<string, string> {
  if (image === undefined) return {};
  return {
    'ec2:ImageID': image.id,
    'ec2:Owner': toOwner(image),
    'ec2:Public': String(image.public),
    'ec2:RootDeviceType': 'ebs',
    ...(image.ownerId === call.account ? resourceTagContext(image.tags) : {}),
  };
}

/** `ec2:Owner` is an account id, or `amazon` for Amazon's own images [D:AWSEC2/UserGuide/iam-policy-structure]. */
export function toOwner(image: StoredImage): string {
  return image.ownerAlias ?? image.ownerId;
}

export function snapshotContext(snapshot: SnapshotRecord | undefined): Record<string, string> {
  if (snapshot === undefined) return {};
  return {
    'ec2:Owner': snapshot.ownerAlias ?? snapshot.ownerId,
    'ec2:VolumeSize': String(snapshot.sizeGiB),
    ...resourceTagContext(snapshot.tags),
  };
}

/** One permission per account or group, since the condition keys have one value [IAM:ec2 ModifySnapshotAttribute]. */
export function volumePermissionContexts(request: ModifySnapshotAttributeRequest): Record<string, string>[] {
  const { add, remove } = snapshotModifications(request);
  const contexts = (change: 'Add' | 'Remove', list: typeof add): Record<string, string>[] =>
    list.map(({ userId, group }) => ({
      ...(userId === undefined ? {} : { [`ec2:${change}/userId`]: userId }),
      ...(group === undefined ? {} : { [`ec2:${change}/group`]: group }),
    }));
  return [...contexts('Add', add), ...contexts('Remove', remove)];
}
