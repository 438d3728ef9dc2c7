import type {
  CopySnapshotRequest,
  CopySnapshotResult,
  DeleteSnapshotRequest,
  DescribeSnapshotsRequest,
  DescribeSnapshotsResult,
  Snapshot,
} from '@aws-sdk/client-ec2';
import { EC2_QUOTAS } from '../quotas.ts';
import { AwsError, type Call } from '../service.ts';
import { type Context, canSeeSnapshot, type Operations, operation } from './context.ts';
import { invalidCombination, malformedId, snapshotNotFound } from './errors.ts';
import { emitSnapshot } from './events.ts';
import { createMatcher, type FilterTable } from './filters.ts';
import { addSnapshot, finishSnapshot, imagesUsing } from './image-making.ts';
import { keyAccess, namedKey, READ_OPERATIONS, toKeyArn, VOLUME_OPERATIONS } from './keys.ts';
import { takePage } from './pages.ts';
import type { SnapshotRecord, Tags } from './records.ts';
import { ownSnapshot } from './snapshot-sharing.ts';
import { readTagSpecifications, tagList } from './tags.ts';

/** Tags of snapshots are their owner's alone. */
const tagsFor =
  (account: string) =>
  (snapshot: SnapshotRecord): Tags =>
    snapshot.ownerId === account ? snapshot.tags : {};

const progress = (snapshot: SnapshotRecord): string => (snapshot.state === 'completed' ? '100%' : '0%');

// [M:op DescribeSnapshots, Filters]
const FILTERS: FilterTable<SnapshotRecord> = {
  description: (snapshot) => [snapshot.description],
  encrypted: (snapshot) => [String(snapshot.kmsKeyArn !== undefined)],
  'owner-alias': (snapshot) => [snapshot.ownerAlias],
  'owner-id': (snapshot) => [snapshot.ownerId],
  progress: (snapshot) => [progress(snapshot)],
  'snapshot-id': (snapshot) => [snapshot.id],
  'start-time': (snapshot) => [snapshot.startTime.toISOString()],
  status: (snapshot) => [snapshot.state],
  'storage-tier': () => ['standard'],
  'volume-id': (snapshot) => [snapshot.volumeId],
  'volume-size': (snapshot) => [String(snapshot.sizeGiB)],
};

export function snapshotOperations(context: Context): Operations {
  const { store } = context;
  return {
    DescribeSnapshots: operation<DescribeSnapshotsRequest, DescribeSnapshotsResult>((request, call) => {
      const { account, region } = call;
      const ids = request.SnapshotIds ?? [];
      if (ids.length > 0 && request.MaxResults !== undefined) {
        throw invalidCombination('The parameter snapshotIds cannot be used with the parameter maxResults');
      }
      const malformed = ids.find((id) => !/^snap-[0-9a-f]{8,17}$/.test(id));
      if (malformed !== undefined) throw malformedId('InvalidSnapshotID.Malformed', malformed);
      const snapshots = store.snapshots(region);
      for (const id of ids) {
        const snapshot = snapshots.get(id);
        if (snapshot === undefined || !canSeeSnapshot(snapshot, account)) throw snapshotNotFound(id);
      }
      const owners = request.OwnerIds ?? [];
      const restorers = request.RestorableByUserIds ?? [];
      const matches = createMatcher(request.Filters, FILTERS, tagsFor(account));
      const found = [...snapshots.values()].filter(
        (snapshot) =>
          (ids.length === 0 || ids.includes(snapshot.id)) &&
          canSeeSnapshot(snapshot, account) &&
          (owners.length === 0 || owners.some((owner) => isOwner(snapshot, owner, account))) &&
          (restorers.length === 0 || restorers.some((user) => canRestore(snapshot, user, account))) &&
          matches(snapshot),
      );
      const page = takePage(found, ({ id }) => id, request);
      return {
        Snapshots: page.records.map((snapshot) => toSnapshot(snapshot, account)),
        ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
      };
    }),

    CopySnapshot: operation<CopySnapshotRequest, CopySnapshotResult>((request, call) => {
      const snapshot = copySnapshot(context, request, call);
      const tags = tagList(snapshot.tags);
      return { SnapshotId: snapshot.id, ...(tags.length === 0 ? {} : { Tags: tags }) };
    }),

    DeleteSnapshot: operation<DeleteSnapshotRequest, object>((request, call) => {
      const snapshot = ownSnapshot(context, call, request.SnapshotId ?? '');
      const [image] = imagesUsing(context, snapshot);
      if (image !== undefined) {
        throw new AwsError(
          'InvalidSnapshot.InUse',
          `The snapshot ${snapshot.id} is currently in use by ${image.id}`,
        );
      }
      store.snapshots(call.region).delete(snapshot.id);
      return {};
    }),
  };
}

function isOwner(snapshot: SnapshotRecord, owner: string, account: string): boolean {
  if (owner === 'self') return snapshot.ownerId === account;
  return owner === snapshot.ownerId || owner === snapshot.ownerAlias;
}

function canRestore(snapshot: SnapshotRecord, user: string, account: string): boolean {
  if (user === 'all') return snapshot.public;
  const id = user === 'self' ? account : user;
  return snapshot.ownerId === id || snapshot.sharedWith.has(id);
}

function toSnapshot(snapshot: SnapshotRecord, account: string): Snapshot {
  const tags = tagList(tagsFor(account)(snapshot));
  return {
    SnapshotId: snapshot.id,
    VolumeId: snapshot.volumeId,
    State: snapshot.state,
    StateMessage: snapshot.stateMessage,
    StartTime: snapshot.startTime,
    CompletionTime: snapshot.completionTime,
    Progress: progress(snapshot),
    OwnerId: snapshot.ownerId,
    OwnerAlias: snapshot.ownerAlias,
    Description: snapshot.description,
    VolumeSize: snapshot.sizeGiB,
    Encrypted: snapshot.kmsKeyArn !== undefined,
    KmsKeyId: snapshot.kmsKeyArn,
    StorageTier: 'standard',
    Tags: tags.length === 0 ? undefined : tags,
  };
}

/** Copies one snapshot to the caller's Region; like CopyImage it checks the key while the copy runs. */
function copySnapshot(context: Context, request: CopySnapshotRequest, call: Call): SnapshotRecord {
  const { world, store } = context;
  const home = store.at(call);
  const source = store.snapshots(request.SourceRegion ?? '').get(request.SourceSnapshotId ?? '');
  if (source === undefined || !canSeeSnapshot(source, call.account)) {
    throw snapshotNotFound(request.SourceSnapshotId ?? '');
  }
  if (source.state !== 'completed') {
    throw new AwsError('IncorrectState', `Snapshot is in invalid state - ${source.state}`);
  }
  if (request.KmsKeyId !== undefined && request.Encrypted !== true) {
    throw new AwsError(
      'InvalidParameterDependency',
      'The parameter KmsKeyId requires the parameter Encrypted to be set.',
    );
  }
  if (home.copies.size + 1 > EC2_QUOTAS.snapshotCopies) {
    throw new AwsError(
      'ResourceLimitExceeded',
      `Too many snapshot copies in progress. The limit is ${EC2_QUOTAS.snapshotCopies} for this destination region.`,
    );
  }
  const encrypted = source.kmsKeyArn !== undefined || request.Encrypted === true || home.encryptionByDefault;
  const key = encrypted ? namedKey(home, request.KmsKeyId) : undefined;
  const snapshot = addSnapshot(context, {
    ownerId: call.account,
    region: call.region,
    sizeGiB: source.sizeGiB,
    description: request.Description ?? `[Copied ${source.id} from ${source.region}]`,
    kmsKeyArn: key && ('named' in key ? toKeyArn(key.named, call) : key.arn),
    awsManagedKey: key !== undefined && !('named' in key),
    tags: readTagSpecifications(request.TagSpecifications, ['snapshot']).snapshot,
  });
  home.copies.add(snapshot.id);
  const from = { region: source.region, id: source.id };
  const end = async (): Promise<void> => {
    const problem = await keyProblem(context, call, source, key && 'named' in key ? key.named : undefined);
    home.copies.delete(snapshot.id);
    if (problem === undefined) {
      finishSnapshot(context, snapshot, from);
      return;
    }
    snapshot.state = 'error';
    snapshot.stateMessage = problem;
    emitSnapshot(world, snapshot, { name: 'copySnapshot', source: from });
  };
  world.clock.after(world.timings.copy, end, `copy ${snapshot.id}`);
  return snapshot;
}

async function keyProblem(
  { world }: Context,
  call: Call,
  source: SnapshotRecord,
  targetKey: string | undefined,
): Promise<string | undefined> {
  if (source.kmsKeyArn !== undefined && !source.awsManagedKey) {
    const answer = await keyAccess(
      world,
      { ...call, region: source.region },
      source.kmsKeyArn,
      READ_OPERATIONS,
    );
    if (!answer.usable) return answer.reason;
  }
  if (targetKey === undefined) return undefined;
  const answer = await keyAccess(world, call, targetKey, VOLUME_OPERATIONS);
  return answer.usable ? undefined : answer.reason;
}
