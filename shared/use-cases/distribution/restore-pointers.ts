/** Puts the pointers of a bake back to what they were before it: when one of them could not be moved, and when the bake ends before its release. */

import { findArtifactId } from '../../domain/artifacts/artifacts.ts';
import type { BakeRef } from '../../domain/bakes/payloads.ts';
import { DistributionFailed, TryLater } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { isPutBackInVain, mayStillShow } from '../../domain/distribution/parameters.ts';
import { describeTemplateVersion } from '../../domain/distribution/targets.ts';
import type { TargetRecord } from '../../domain/records/distributions.ts';
import type { Pointers } from '../../ports/pointers.ts';
import type { Ports } from '../../ports/ports.ts';
import { WriteConflict } from '../../ports/table.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import { isRefusal } from './fail-row.ts';
import { isDone, readDistribution, readRows, savePlan, saveRow } from './ledger.ts';
import type { LocationDeps } from './locations.ts';

export type RestoreDeps = LocationDeps & Pick<Ports, 'clock'>;

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
  const now = deps.clock.now();
  const begun =
    row.restoringSince === undefined ? await saveRow(deps, row, { restoringSince: now.toISOString() }) : row;
  try {
    const { pointers } = await deps.locations.open(row.account, row.region);
    await restoreTargetPointers(pointers, begun, now);
  } catch (error) {
    const isInVain =
      error instanceof TryLater && error.facts.unsettled === true && isPutBackInVain(begun, now);
    if (!isRefusal(error) && !isInVain) throw error;
    const problem = `A pointer could not be put back: ${error.message}`;
    await saveRow(deps, begun, { problem });
    return [`${row.account}/${row.region}: ${problem}`];
  }
  await saveRow(deps, begun, clearPointerFields(begun));
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
    parameterAsked: undefined,
    restoringSince: undefined,
  };
}

/**
 * Restores the pointers that still show the image; one that was moved since by other means stays. Throws TryLater while a reader may come to see
 * the image after this look.
 */
export async function restoreTargetPointers(target: Pointers, row: TargetRecord, now: Date): Promise<void> {
  const { artifact, launchTemplate, previousTemplateVersion } = row;
  if (artifact === undefined) return;
  const imageId = findArtifactId(artifact);
  if (launchTemplate !== undefined && previousTemplateVersion !== undefined) {
    // Found again where it was made already; only so is its number known after a crash.
    const note = describeTemplateVersion(row);
    const { version } = await target.addTemplateVersion(launchTemplate, imageId, note);
    const current = await target.readTemplateDefault(launchTemplate);
    if (current?.version === version)
      await target.setDefaultTemplateVersion(launchTemplate, previousTemplateVersion);
    await target.removeTemplateVersion(launchTemplate, version);
  }
  await restoreParameter(target, row, imageId, now);
}

async function restoreParameter(
  target: Pointers,
  row: TargetRecord,
  imageId: string,
  now: Date,
): Promise<void> {
  const { parameter, previousParameterValue: previous } = row;
  if (parameter === undefined) return;
  const isShown = async () => (await target.readParameter(parameter)) === imageId;
  if (previous !== imageId && (await isShown())) {
    if (previous === undefined) await target.removeParameter(parameter);
    else await target.writeParameter(parameter, previous, {});
    if (await isShown()) {
      if (isPutBackInVain(row, now))
        throw new DistributionFailed(
          `the parameter ${parameter} does not take ${previous} back and still shows ${imageId}. Parameter Store takes no image that the account cannot see: set or delete it by hand`,
        );
      throw new TryLater(`The parameter ${parameter} still shows ${imageId}.`);
    }
  }
  if (mayStillShow(row, now))
    throw new TryLater(`The parameter ${parameter} may still come to show ${imageId}.`);
}
