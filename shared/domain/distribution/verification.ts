/** Judges an image at a target: whether its copy has ended, and whether it is as it must be. */

import type { DistributionRecord, TargetRecord } from '../records/distributions.ts';
import { COPYING } from './quotas.ts';

/** What is judged of an image; the port's ArtifactFacts say more. */
export interface ObservedImage {
  readonly state: 'pending' | 'available' | 'failed' | 'deregistered' | 'disabled';
  readonly reason?: string;
  readonly architecture: string;
  readonly snapshots: readonly {
    readonly snapshotId: string;
    readonly device: string;
    readonly encrypted: boolean;
    readonly keyId?: string;
  }[];
  readonly tags: Readonly<Record<string, string>>;
  readonly deprecatedAt?: string;
}

export type CopyOutcome =
  | { readonly kind: 'pending' }
  | { readonly kind: 'available' }
  | { readonly kind: 'failed'; readonly reason: string };

/** The state of a copy. EC2 may not find a new image at once, so absence counts only after a while (AWSEC2/UserGuide/CopyingAMIs). */
export function copyOutcome(
  row: Pick<TargetRecord, 'copyStartedAt'>,
  seen: ObservedImage | undefined,
  now: Date,
): CopyOutcome {
  if (seen === undefined) {
    const started = Date.parse(row.copyStartedAt ?? '1970-01-01T00:00:00Z');
    return now.getTime() - started < COPYING.settleSeconds * 1000
      ? { kind: 'pending' }
      : { kind: 'failed', reason: 'EC2 does not know the copy; it was removed by somebody else' };
  }
  if (seen.state === 'pending' || seen.state === 'available') return { kind: seen.state };
  return { kind: 'failed', reason: seen.reason ?? `the copy is ${seen.state}` };
}

/** Every difference between an image and what it must be; empty when it can be called verified. */
export function findDefects(expected: {
  readonly source: DistributionRecord['sources'][string];
  readonly keyArn?: string;
  /** Absent for an image that another account shares: its tags cannot be read. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly deprecateAt?: string;
  readonly seen: ObservedImage | undefined;
}): string[] {
  const { source, seen, keyArn } = expected;
  if (seen === undefined) return ['it cannot be seen with the role of the target'];
  const defects: string[] = [];
  if (seen.state !== 'available') defects.push(`it is ${seen.state}`);
  if (seen.architecture !== source.architecture)
    defects.push(`its architecture is ${seen.architecture} and not ${source.architecture}`);
  const devices = seen.snapshots.map((snapshot) => snapshot.device);
  const missing = source.devices.filter((device) => !devices.includes(device));
  if (missing.length > 0) defects.push(`it lacks the volume ${missing.join(', ')}`);
  for (const snapshot of keyArn === undefined ? [] : seen.snapshots) {
    if (!snapshot.encrypted) defects.push(`snapshot ${snapshot.snapshotId} is not encrypted`);
    else if (snapshot.keyId !== undefined && snapshot.keyId !== keyArn)
      defects.push(`snapshot ${snapshot.snapshotId} is encrypted with ${snapshot.keyId} and not ${keyArn}`);
  }
  const unmarked = Object.entries(expected.tags ?? {}).filter(([key, value]) => seen.tags[key] !== value);
  if (unmarked.length > 0) defects.push(`it lacks the tag ${unmarked.map(([key]) => key).join(', ')}`);
  if (expected.deprecateAt !== undefined && !isSameMinute(seen.deprecatedAt, expected.deprecateAt))
    defects.push(`it is not deprecated at ${expected.deprecateAt}`);
  return defects;
}

/** EC2 rounds a deprecation to a minute (ec2 EnableImageDeprecationRequest.DeprecateAt). */
function isSameMinute(one: string | undefined, other: string): boolean {
  return one !== undefined && Math.abs(Date.parse(one) - Date.parse(other)) <= 60_000;
}
