/** Puts the pointers of a bake back to what they were before it: when one of them could not be moved, and when the bake ends before its release. */

import { findArtifactId } from '../../domain/artifacts/artifacts.ts';
import type { BakeRef } from '../../domain/bakes/payloads.ts';
import { TryLater } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { describeTemplateVersion } from '../../domain/distribution/targets.ts';
import type { TargetRecord } from '../../domain/records/distributions.ts';
import type { Locations } from '../../ports/locations.ts';
import type { Pointers } from '../../ports/pointers.ts';
import { WriteConflict } from '../../ports/table.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import { isDone, type LedgerDeps, readDistribution, readRows, savePlan, saveRow } from './ledger.ts';
import { isRefusal } from './locations.ts';

export interface RestoreDeps extends LedgerDeps {
  readonly locations: Locations;
}

export const POINTERS_AT_ONCE = 6;

/**
 * Nothing happens where no pointer was touched, and nothing after a release. Throws TryLater while something can still be put back by trying
 * again; what a target refuses for good is left, told in its row, and answered.
 */
export async function restorePointers(deps: RestoreDeps, ref: BakeRef): Promise<string[]> {
  const plan = await readDistribution(deps, ref.bake);
  if (plan === undefined || plan.attempt !== ref.attempt) return [];
  if (plan.state === 'released' || plan.state === 'restored') return [];
  try {
    if (plan.state === 'planned') {
      // Nothing has moved, and from here on nothing can.
      await savePlan(deps, plan, { state: 'restored' });
      return [];
    }
    // From here on a run that still moves pointers loses every write to the ledger, and restores what it wrote last.
    const restoring = plan.state === 'restoring' ? plan : await savePlan(deps, plan, { state: 'restoring' });
    const rows = (await readRows(deps, ref.bake)).filter((row) => isDone(row, 'remember'));
    const left = await mapConcurrent(POINTERS_AT_ONCE, rows, (row) => restoreLedgerRow(deps, row));
    await savePlan(deps, restoring, { state: 'restored' }, [
      { delete: keys.pointers(plan.pipeline, plan.channel) },
    ]);
    return left.flat();
  } catch (error) {
    if (error instanceof WriteConflict)
      throw new TryLater(`The pointers of bake ${ref.bake} are being moved at this moment.`, ref);
    throw error;
  }
}

/** One target's pointers as before. Answers the reason where the target refuses. */
export async function restoreLedgerRow(deps: RestoreDeps, row: TargetRecord): Promise<string[]> {
  try {
    const { pointers } = await deps.locations.open(row.account, row.region);
    await restoreTargetPointers(pointers, row);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const problem = `A pointer could not be put back: ${error.message}`;
    await saveRow(deps, row, { problem });
    return [`${row.account}/${row.region}: ${problem}`];
  }
  await saveRow(deps, row, clearPointerFields(row));
  return [];
}

/** The row as if its pointers had never been touched. */
export function clearPointerFields(row: TargetRecord) {
  const pointers = ['remember', 'parameter', 'launch-template', 'default-version'];
  return {
    done: row.done.filter((step) => !pointers.includes(step)),
    previousParameterValue: undefined,
    previousTemplateVersion: undefined,
    launchTemplateVersion: undefined,
  };
}

/** Restores the pointers that still show the image; one that was moved since by other means stays. */
export async function restoreTargetPointers(target: Pointers, row: TargetRecord): Promise<void> {
  const { parameter, artifact, launchTemplate, previousParameterValue, previousTemplateVersion } = row;
  if (artifact === undefined) return;
  const imageId = findArtifactId(artifact);
  if (parameter !== undefined && (await target.readParameter(parameter)) === imageId) {
    if (previousParameterValue === undefined) await target.removeParameter(parameter);
    else if (previousParameterValue !== imageId)
      await target.writeParameter(parameter, previousParameterValue, {});
  }
  if (launchTemplate === undefined || previousTemplateVersion === undefined) return;
  // Found again where it was made already; only so is its number known after a crash.
  const { version } = await target.addTemplateVersion(launchTemplate, imageId, describeTemplateVersion(row));
  const current = await target.readTemplateDefault(launchTemplate);
  if (current?.version === version)
    await target.setDefaultTemplateVersion(launchTemplate, previousTemplateVersion);
  await target.removeTemplateVersion(launchTemplate, version);
}
