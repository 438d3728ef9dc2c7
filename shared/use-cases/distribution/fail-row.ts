/** How a row of the ledger fails: its image is withdrawn and its slot freed. */

import { findArtifactId } from '../../domain/artifacts/artifacts.ts';
import { DistributionFailed, PreflightFailed, TryLater } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import type { TargetRecord } from '../../domain/records/distributions.ts';
import type { Write } from '../../ports/table.ts';
import { freeCopySlot } from './copy-slots.ts';
import { saveRow } from './ledger.ts';
import { type LocationDeps, openControlStore, openStore } from './locations.ts';

/** An error that will not go away by itself, said by AWS or by a check of ours. */
export function isRefusal(error: unknown): error is DistributionFailed | PreflightFailed {
  return error instanceof DistributionFailed || error instanceof PreflightFailed;
}

/** Goes into the transaction that records the end of a copy. */
export function prepareCopyEnd(row: TargetRecord): Write[] {
  return [
    freeCopySlot(row),
    ...(row.artifact === undefined ? [] : [{ delete: keys.imageWait(findArtifactId(row.artifact)) }]),
  ];
}

/**
 * Removes the copy of a row, or unshares the artifact from its account. One that is gone already is no error; an artifact of a retained release
 * stays.
 */
export async function withdrawImage(deps: LocationDeps, row: TargetRecord): Promise<void> {
  if (row.artifact === undefined || row.reused) return;
  if (row.mode === 'share') {
    await openControlStore(deps, row.artifact).unshare(row.artifact, [row.account]);
    return;
  }
  const store = await openStore(deps, row, row.artifact.kind);
  await store.remove(row.artifact);
}

/**
 * Fails the row for good: removes its image and records the problem. The row keeps the image's id where removing it is refused, and where AWS says
 * "later" for a required target: its bake fails and its clean-up removes the image. A best-effort target has no clean-up: TryLater is thrown.
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
