/** Computes the records of a release and of its channel, for a new image and for a retained one that becomes current again. Pure. */
import { findArtifactId } from '../artifacts/artifacts.ts';
import { canonical, type Digest } from '../base/canonical.ts';
import { computeInventoryDigest } from '../packages/inventory.ts';
import { isSameFingerprint } from '../reconcile/desired.ts';
import type { ArtifactRecord, BakeRecord } from '../records/bakes.ts';
import type { DistributionRecord, TargetRecord } from '../records/distributions.ts';
import type { ChannelRecord, ReleaseRecord } from '../records/releases.ts';

type Target = ReleaseRecord['targets'][number];
/** A release that becomes current again and again names so many bakes: the one that built the image, and the newest. */
const BAKES_NAMED = 100;

/** The image of each variant in the control account. */
export function toReleaseImages(plan: Pick<DistributionRecord, 'sources'>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(plan.sources).map(([variant, source]) => [variant, findArtifactId(source.artifact)]),
  );
}

/** True where a release is of exactly these images: then it is the same release, in whatever targets. */
export function hasImages(release: ReleaseRecord, images: Readonly<Record<string, string>>): boolean {
  return canonical(release.images) === canonical(images);
}

/** Verified targets, with the pointers that show the image there. */
export function listShownTargets(rows: readonly TargetRecord[]): Target[] {
  return rows.flatMap(
    ({ account, region, variant, artifact, parameter, launchTemplate, state, sharedCopy }) =>
      sharedCopy || state !== 'verified' || artifact === undefined
        ? []
        : [
            {
              account,
              region,
              variant,
              artifact,
              ...(parameter === undefined ? {} : { parameter }),
              ...(launchTemplate === undefined ? {} : { launchTemplate }),
            },
          ],
  );
}

/** `standing`: the release of the same images, which is made current again. */
export function computeRelease(given: {
  readonly id: string;
  readonly bake: BakeRecord;
  readonly plan: DistributionRecord;
  readonly rows: readonly TargetRecord[];
  readonly standing: ReleaseRecord | undefined;
  readonly at: string;
}): ReleaseRecord {
  const { id, bake, plan, rows, standing, at } = given;
  const { pipeline, channel } = plan;
  const targets = listShownTargets(rows);
  const own = { bake: bake.id, startsAt: bake.startsAt, proof: bake.proof, at };
  return {
    id,
    pipeline,
    channel,
    bake: standing?.bake ?? bake.id,
    bits: bake.bits,
    proof: bake.proof,
    images: toReleaseImages(plan),
    targets: [...targets, ...listRetainedTargets(standing, targets, rows)],
    at,
    bakes: [...listReleaseBakes(standing), own],
    ...(standing?.keptBy === undefined ? {} : { keptBy: standing.keptBy }),
    // The clean-up takes back the dates that it gave the images.
    ...(standing?.cleanUp === undefined ? {} : { cleanUp: 'undone', removeAt: standing.removeAt }),
  };
}

/** Earlier copies in targets that this distribution leaves out: they stay, without the pointers. */
function listRetainedTargets(
  standing: ReleaseRecord | undefined,
  shown: readonly Target[],
  rows: readonly TargetRecord[],
): Target[] {
  const named = new Set(shown.map(toCopyKey));
  const missing = new Set(rows.map((row) => row.missingImageId));
  return (standing?.targets ?? [])
    .filter((target) => !named.has(toCopyKey(target)) && !missing.has(findArtifactId(target.artifact)))
    .map(({ account, region, variant, artifact }) => ({ account, region, variant, artifact }));
}

function toCopyKey({ account, region, variant, artifact }: Target): string {
  return `${account}/${region}/${variant}/${findArtifactId(artifact)}`;
}

function listReleaseBakes(standing: ReleaseRecord | undefined): ReleaseRecord['bakes'] {
  if (standing === undefined) return [];
  const [first, ...rest] = standing.bakes;
  const built = first ?? {
    bake: standing.bake,
    startsAt: 'Build' as const,
    proof: standing.proof,
    at: standing.at,
  };
  return [built, ...rest.slice(2 - BAKES_NAMED)];
}

/** `before`: the channel's row until now. */
export function computeChannel(given: {
  readonly digest: Digest;
  readonly release: ReleaseRecord;
  readonly bake: BakeRecord;
  readonly images: readonly ArtifactRecord[];
  readonly targets: readonly string[];
  readonly before: ChannelRecord | undefined;
}): ChannelRecord {
  const { digest, release, bake, targets, before } = given;
  const inventoryDigest = computeInventoryDigest(digest, given.images);
  // The same image in new targets: it stays in the earlier ones.
  const stays = isSameFingerprint(before, bake) ? (before?.targets ?? []) : [];
  return {
    pipeline: release.pipeline,
    channel: release.channel,
    release: release.id,
    bake: bake.id,
    bits: bake.bits,
    proof: bake.proof,
    sequence: (before?.sequence ?? 0) + 1,
    images: release.images,
    ...(bake.fingerprintInputs === undefined ? {} : { fingerprintInputs: bake.fingerprintInputs }),
    ...(inventoryDigest === undefined ? {} : { inventoryDigest }),
    targets: mergeSorted(stays, targets),
    at: release.at,
  };
}

/** Both lists in one, each text once, sorted. */
export function mergeSorted(some: readonly string[], others: readonly string[]): string[] {
  return [...new Set([...some, ...others])].sort();
}
