/** The names, tags, tokens and digests of copies. */

import type { BakeRef } from '../bakes/payloads.ts';
import { canonical, type Digest } from '../base/canonical.ts';
import { imageName, TAGS } from '../base/naming.ts';
import type { TargetRecord } from '../records/distributions.ts';
import { COPYING } from './quotas.ts';

/** The same token for the same try of the same copy, so that AWS finds what an earlier call started (ec2 CopyImageRequest.ClientToken, 64 characters). */
export function copyToken(digest: Digest, row: TargetRecord): string {
  const { bake, attempt, account, region, variant, sharedCopy, copyAttempts } = row;
  return digest(canonical({ copy: bake, attempt, account, region, variant, sharedCopy, try: copyAttempts }));
}

/** A name that is unique per account and region, also beside a shared copy in the same account and beside what an earlier attempt left. */
export function copyName(pipeline: string, row: TargetRecord): string {
  const suffix = `${row.sharedCopy ? '-shared' : ''}${row.attempt > 1 ? `-${row.attempt}` : ''}`;
  return `${imageName(pipeline, row.bake, row.variant)}${suffix}`;
}

/**
 * Tags of every copy and each of its snapshots: the facts on the image as built, the tags of the definition, and Ovenbird's own last, so that
 * no other tag replaces them. Tags of other services (`aws:`, `Ec2ImageBuilderArn`) stay behind.
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

/** The tags that a reused copy must have: those of the bake and the attempt stay as they were when it was made. */
export function toRetainedTags(tags: Readonly<Record<string, string>>): Record<string, string> {
  const own: readonly string[] = [TAGS.bake, TAGS.attempt];
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !own.includes(key)));
}

/** Digest of one copy: the artifact at its target, and the artifact as built that it comes from. */
export function copyDigest(digest: Digest, row: TargetRecord, lineage: string): string {
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

/** Seconds until the next try of a call that AWS has put off; longer with each of them. */
export function pauseSeconds(postponements: number): number {
  return Math.min(COPYING.longestPauseSeconds, COPYING.firstPauseSeconds * 2 ** Math.min(postponements, 10));
}
