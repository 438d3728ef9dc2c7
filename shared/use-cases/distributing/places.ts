/** Where a row's image stands and who may act there: the target under its role, or the control account for what it shares. */

import { waitOfImage } from '../../domain/baking/waits.ts';
import { DistributionFailed, PreflightFailed, TryLater } from '../../domain/errors.ts';
import type { DistributionRecord, TargetRecord } from '../../domain/records/distributions.ts';
import type { OwnImages, TargetAccount, Targets, Write } from '../../ports.ts';
import { freeSlot } from './copy-slots.ts';
import { saveRow, type WithTable } from './ledger.ts';

export interface PlaceDeps extends WithTable {
  readonly ownImages: OwnImages;
  readonly targets: Targets;
}

export type ImagePlace = Pick<
  TargetAccount,
  'copy' | 'describe' | 'findByBake' | 'tag' | 'deprecate' | 'remove' | 'resolveKey'
>;

/** The place where copies of this row are made: for a carrier, the control account in the region. */
export async function placeOf(
  deps: Pick<PlaceDeps, 'ownImages' | 'targets'>,
  row: TargetRecord,
): Promise<ImagePlace> {
  return row.carrier ? ownPlace(deps.ownImages, row.region) : deps.targets.open(row.account, row.region);
}

function ownPlace(images: OwnImages, region: string): ImagePlace {
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

export function sourceOf(plan: DistributionRecord, variant: string): DistributionRecord['sources'][string] {
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
export function endOfCopy(row: TargetRecord): Write[] {
  return [freeSlot(row), ...(row.imageId === undefined ? [] : [{ delete: waitOfImage(row.imageId) }])];
}

/**
 * Takes away what a row stands for: the copy, or the permission to launch what is shared. What is gone already is no error; what a kept release
 * has there stays.
 */
export async function takeBack(deps: PlaceDeps, row: TargetRecord): Promise<void> {
  if (row.imageId === undefined || row.adopted) return;
  if (row.mode === 'share') {
    await deps.ownImages.revoke(row.region, row.imageId, row.snapshotIds, [row.account]);
    return;
  }
  const place = await placeOf(deps, row);
  await place.remove(row.imageId);
}

/**
 * The row has failed for good: its image goes, the reason stays. Where the image cannot be removed because the target refuses us, its id stays
 * in the row for the clean-up and for people. So it does where AWS wants us to come back, if the bake fails with the row: its clean-up does.
 * A best-effort target has no clean-up of its own, so it has to be tried again.
 */
export async function failRow(deps: PlaceDeps, row: TargetRecord, problem: string): Promise<TargetRecord> {
  try {
    await takeBack(deps, row);
  } catch (error) {
    const isCleanedUp = error instanceof TryLater && row.required;
    if (!isRefusal(error) && !isCleanedUp) throw error;
    return saveRow(deps, row, { state: 'failed', problem }, endOfCopy(row));
  }
  return saveRow(
    deps,
    row,
    { state: 'failed', problem, imageId: undefined, snapshotIds: [] },
    endOfCopy(row),
  );
}
