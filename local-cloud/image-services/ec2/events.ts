import type { World } from '../service.ts';
import { imageArn, ownedArn } from './context.ts';
import type { InstanceRecord, SnapshotRecord, StoredImage } from './records.ts';

/** There is no event for `pending` [D:AWSEC2/UserGuide/monitor-ami-events]. */
export function emitImageState(
  world: World,
  image: StoredImage,
  state: 'available' | 'failed' | 'deregistered' | 'disabled',
  requestId: string,
): void {
  world.emit({
    account: image.ownerId,
    region: image.region,
    source: 'aws.ec2',
    detailType: 'EC2 AMI State Change',
    resources: [imageArn(image.region, image.id)],
    detail: {
      RequestId: requestId,
      ImageId: image.id,
      State: state,
      ErrorMessage: state === 'failed' ? (image.stateReason?.message ?? '') : '',
    },
  });
}

/** [D:AWSEC2/UserGuide/monitoring-instance-state-changes] */
export function emitInstanceState(world: World, instance: InstanceRecord): void {
  world.emit({
    account: instance.ownerId,
    region: instance.region,
    source: 'aws.ec2',
    detailType: 'EC2 Instance State-change Notification',
    resources: [ownedArn({ account: instance.ownerId, region: instance.region }, 'instance', instance.id)],
    detail: { 'instance-id': instance.id, state: instance.state },
  });
}

/** ARNs in these events have the Region in the place of the account [D:ebs/userguide/ebs-cloud-watch-events]. */
const ebsArn = (region: string, id: string): string => `arn:aws:ec2::${region}:snapshot/${id}`;

export function emitSnapshot(
  world: World,
  snapshot: SnapshotRecord,
  event:
    | { name: 'createSnapshot' }
    | { name: 'copySnapshot'; source: { region: string; id: string } }
    | { name: 'shareSnapshot'; with: string },
): void {
  const account = event.name === 'shareSnapshot' ? event.with : snapshot.ownerId;
  const arn = ebsArn(snapshot.region, snapshot.id);
  const failed = snapshot.state === 'error';
  const source =
    event.name === 'copySnapshot'
      ? ebsArn(event.source.region, event.source.id)
      : event.name === 'shareSnapshot'
        ? snapshot.ownerId
        : `arn:aws:ec2::${snapshot.region}:volume/${snapshot.volumeId}`;
  world.emit({
    account,
    region: snapshot.region,
    source: 'aws.ec2',
    detailType: 'EBS Snapshot Notification',
    resources: [arn],
    detail: {
      event: event.name,
      result: failed ? 'failed' : 'succeeded',
      cause: failed ? (snapshot.stateMessage ?? '') : '',
      'request-id': '',
      snapshot_id: arn,
      source,
      startTime: snapshot.startTime.toISOString(),
      endTime: world.clock.now().toISOString(),
      ...(event.name === 'copySnapshot' ? { incremental: 'false', transferType: 'standard' } : {}),
    },
  });
}
