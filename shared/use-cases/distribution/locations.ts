/** Where a row's image stands and who may act there: the target under its role, or the control account for what it shares. */

import { DistributionFailed, PreflightFailed, TryLater } from '../../domain/base/errors.ts';
import type { DistributionRecord, TargetRecord } from '../../domain/records/distributions.ts';
import { toImageWaitKey } from '../../domain/waits/wake.ts';
import type { OwnImages } from '../../ports/own-images.ts';
import type { Write } from '../../ports/table.ts';
import type { TargetAccount, Targets } from '../../ports/targets.ts';
import { releaseCopySlot } from './copy-slots.ts';
import { type LedgerDeps, saveRow } from './ledger.ts';

export interface LocationDeps extends LedgerDeps {
  readonly ownImages: OwnImages;
  readonly targets: Targets;
}

export type ImageLocation = Pick<
  TargetAccount,
  'copy' | 'describe' | 'findByBake' | 'tag' | 'deprecate' | 'remove' | 'resolveKey'
>;

/** The place where copies of this row are made: for a carrier, the control account in the region. */
export async function openLocation(
  deps: Pick<LocationDeps, 'ownImages' | 'targets'>,
  row: TargetRecord,
): Promise<ImageLocation> {
  return row.sharedCopy
    ? openOwnLocation(deps.ownImages, row.region)
    : deps.targets.open(row.account, row.region);
}

function openOwnLocation(images: OwnImages, region: string): ImageLocation {
  return {
    copy: (request) => images.copy(region, request),
    describe: (imageId) => images.describe(region, imageId),
    findByBake: (bake) => images.findByBake(region, bake),
    tag: (resources, tags) => images.tag(region, resources, tags),
    deprecate: (imageId, at) => images.deprecate(region, imageId, at),
    remove: (imageId) => images.remove(region, imageId),
    resolveKey: (key) => images.resolveKey(region, key),
  };
}

export function requireSource(
  plan: DistributionRecord,
  variant: string,
): DistributionRecord['sources'][string] {
  const source = plan.sources[variant];
  if (source === undefined)
    throw new DistributionFailed(`The plan of bake ${plan.bake} has no image of the variant ${variant}.`);
  return source;
}

/** An error that will not go away by itself, said by AWS or by a check of ours. */
export function isRefusal(error: unknown): error is DistributionFailed | PreflightFailed {
  return error instanceof DistributionFailed || error instanceof PreflightFailed;
}

/** Goes into the transaction that records the end of a copy. */
export function prepareCopyEnd(row: TargetRecord): Write[] {
  return [
    releaseCopySlot(row),
    ...(row.artifact === undefined ? [] : [{ delete: toImageWaitKey(row.artifact.imageId) }]),
  ];
}

/**
 * Takes away what a row stands for: the copy, or the permission to launch what is shared. What is gone already is no error; what a kept release
 * has there stays.
 */
export async function withdrawImage(deps: LocationDeps, row: TargetRecord): Promise<void> {
  if (row.artifact === undefined || row.reused) return;
  const { imageId, snapshotIds } = row.artifact;
  if (row.mode === 'share') {
    await deps.ownImages.revoke(row.region, imageId, snapshotIds, [row.account]);
    return;
  }
  const place = await openLocation(deps, row);
  await place.remove(imageId);
}

/**
 * The row has failed for good: its image goes, the reason stays. Where the image cannot be removed because the target refuses us, its id stays
 * in the row for the clean-up and for people. So it does where AWS wants us to come back, if the bake fails with the row: its clean-up does.
 * A best-effort target has no clean-up of its own, so it has to be tried again.
 */
export async function failRow(deps: LocationDeps, row: TargetRecord, problem: string): Promise<TargetRecord> {
  try {
    await withdrawImage(deps, row);
  } catch (error) {
    const isCleanedUp = error instanceof TryLater && row.required;
    if (!isRefusal(error) && !isCleanedUp) throw error;
    return saveRow(deps, row, { state: 'failed', problem }, prepareCopyEnd(row));
  }
  return saveRow(deps, row, { state: 'failed', problem, artifact: undefined }, prepareCopyEnd(row));
}
