/**
 * Distribution, as far as it is arithmetic: which rows a plan has, what a copy is called and marked with, whether it has ended, and what is
 * wrong with one that says it is ready. What is done about it: shared/use-cases/distribution/advance-targets.ts and move-pointers.ts.
 */

import type { BakeRef } from '../bakes/payloads.ts';
import { canonical } from '../base/canonical.ts';
import { executionName, imageName, parameterName, TAGS } from '../base/naming.ts';
import type { Home } from '../base/regions.ts';
import type { Definition } from '../definitions/definition.ts';
import type { DistributionRecord, TargetRecord } from '../records/distributions.ts';
import { COPYING } from './quotas.ts';

type DigestText = (text: string) => string;

/** Key that the control account's own copies in other regions are encrypted with (resources/distribution.yml and target-account.yml make it). */
export const SHARED_COPY_KEY = 'alias/ovenbird-shared-images';

export type PlannedTarget = Pick<
  TargetRecord,
  | 'account'
  | 'region'
  | 'variant'
  | 'mode'
  | 'required'
  | 'sharedCopy'
  | 'key'
  | 'parameter'
  | 'launchTemplate'
>;

/**
 * All rows of a plan. One per target, region and variant; beside them one carrier for each region and variant that is shared outside of the
 * home region, because only an owner can share, and an image is launchable in its own region alone.
 */
export function listPlannedTargets(definition: Definition, home: Home): PlannedTarget[] {
  const targets = definition.distribution.targets.flatMap((target) =>
    target.regions.flatMap((region) =>
      definition.variants.map(
        (variant): PlannedTarget => ({
          account: target.account,
          region,
          variant: variant.name,
          mode: target.mode,
          required: target.required,
          sharedCopy: false,
          key: target.key,
          parameter: parameterName(definition.distribution.parameter, definition.name, definition.channel),
          ...(target.launchTemplate === undefined ? {} : { launchTemplate: target.launchTemplate }),
        }),
      ),
    ),
  );
  const sharedCopies = new Map<string, PlannedTarget>();
  for (const { region, variant, mode, required } of targets) {
    if (mode !== 'share' || region === home.region) continue;
    const place = `${region}/${variant}`;
    sharedCopies.set(place, {
      account: home.account,
      region,
      variant,
      mode: 'copy',
      required: required || sharedCopies.get(place)?.required === true,
      sharedCopy: true,
      key: SHARED_COPY_KEY,
    });
  }
  return [...sharedCopies.values(), ...targets].sort((a, b) => compare(sortText(a), sortText(b)));
}

const sortText = (target: PlannedTarget) =>
  `${target.region} ${target.sharedCopy ? 0 : 1} ${target.account} ${target.variant}`;
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The nested executions of a plan, one for each region, in the order of their names. */
export function listRegionRuns(
  ref: BakeRef,
  targets: readonly Pick<TargetRecord, 'region'>[],
): { region: string; name: string }[] {
  const regions = [...new Set(targets.map((target) => target.region))].sort();
  return regions.map((region) => ({
    region,
    name: executionName({ ...ref, machine: 'distribute-region', part: region }),
  }));
}

export type TargetIdentity = Pick<TargetRecord, 'account' | 'region' | 'variant' | 'sharedCopy'>;

/** How a place is called in messages. */
export function toTargetLabel(place: TargetIdentity): string {
  const name = `${place.account}/${place.region}/${place.variant}`;
  return place.sharedCopy ? `${name} (shared from the control account)` : name;
}

/** Resource of the wait for a region's copies. */
export function copiesResource(ref: BakeRef & { readonly region: string }): string {
  return `${ref.bake}.${ref.attempt}.${ref.region}`;
}

export function parseCopiesResource(resource: string): (BakeRef & { region: string }) | undefined {
  const [bake, attempt, region] = resource.split('.');
  if (bake === undefined || region === undefined || !/^[0-9]+$/.test(attempt ?? '')) return undefined;
  return { bake, attempt: Number(attempt), region };
}

/** Equal for the same try of the same copy, so that AWS finds what an earlier call started (ec2 CopyImageRequest.ClientToken, 64 characters). */
export function copyToken(digest: DigestText, row: TargetRecord): string {
  const { bake, attempt, account, region, variant, sharedCopy, copyAttempts } = row;
  return digest(canonical({ copy: bake, attempt, account, region, variant, sharedCopy, try: copyAttempts }));
}

/** Unique per account and region. A carrier may stand beside a target of the same account, an attempt beside what its predecessor left. */
export function copyName(pipeline: string, row: TargetRecord): string {
  const suffix = `${row.sharedCopy ? '-shared' : ''}${row.attempt > 1 ? `-${row.attempt}` : ''}`;
  return `${imageName(pipeline, row.bake, row.variant)}${suffix}`;
}

/**
 * What every copy and each of its snapshots is marked with: the facts on the image as built, the tags of the definition, and ours last, so
 * that nobody's tag can stand in their place. Tags of other services (`aws:`, `Ec2ImageBuilderArn`) stay behind.
 */
export function copyTags(
  source: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
  own: BakeRef & { readonly pipeline: string; readonly variant: string },
): Record<string, string> {
  const ours = Object.entries(source).filter(([key]) => key.startsWith('ovenbird:'));
  const theirs = Object.entries(wanted).filter(([key]) => !/^(?:aws|ovenbird):/i.test(key));
  return {
    ...Object.fromEntries(theirs),
    ...Object.fromEntries(ours),
    Name: wanted.Name ?? `${own.pipeline} ${own.variant}`,
    [TAGS.managed]: 'true',
    [TAGS.bake]: own.bake,
    [TAGS.attempt]: String(own.attempt),
    [TAGS.pipeline]: own.pipeline,
    [TAGS.variant]: own.variant,
  };
}

/** What a kept copy must be marked with: it stays with the bake and the attempt that made it. */
export function toRetainedTags(tags: Readonly<Record<string, string>>): Record<string, string> {
  const own: readonly string[] = [TAGS.bake, TAGS.attempt];
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !own.includes(key)));
}

/** As much of the port's ImageFacts as is judged here. */
export interface ObservedImage {
  readonly imageId: string;
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

/** EC2 may not know an image at once that it has just answered with, so absence counts only after a while (AWSEC2/UserGuide/CopyingAMIs). */
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
  switch (seen.state) {
    case 'pending':
      return { kind: 'pending' };
    case 'available':
      return { kind: 'available' };
    default:
      return { kind: 'failed', reason: seen.reason ?? `the copy is ${seen.state}` };
  }
}

/** What is wrong with an image that is about to be called verified; empty when nothing is. */
export function findDefects(expected: {
  readonly source: DistributionRecord['sources'][string];
  readonly keyArn?: string;
  /** Undefined where the reader cannot see tags: an image shared by another account shows none. */
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

/** Digest of one copy: what we claim that stands there. */
export function copyDigest(digest: DigestText, row: TargetRecord, lineage: string): string {
  const { variant, account, region, artifact } = row;
  return digest(
    canonical({
      variant,
      account,
      region,
      artifact: artifact && { ...artifact, snapshotIds: [...artifact.snapshotIds].sort() },
      lineage,
    }),
  );
}

/** Pause before the next try of what AWS refused for now. */
export function pauseSeconds(postponements: number): number {
  return Math.min(COPYING.longestPauseSeconds, COPYING.firstPauseSeconds * 2 ** Math.min(postponements, 10));
}

/** Description of the launch template version of a row: it is found again by it (ec2 CreateLaunchTemplateVersionRequest.VersionDescription, 255 characters). */
export function describeTemplateVersion(row: Pick<TargetRecord, 'bake' | 'attempt' | 'variant'>): string {
  return `Ovenbird bake ${row.bake}, attempt ${row.attempt}, ${row.variant}`;
}
