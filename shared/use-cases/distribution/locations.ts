/** Where the artifact of a row stands, and with which rights it is worked on: those of the target's role, or the product's own. */

import { type Artifact, type ArtifactName, findArtifactId } from '../../domain/artifacts/artifacts.ts';
import { DistributionFailed, PreflightFailed, TryLater } from '../../domain/base/errors.ts';
import type { DistributionRecord, TargetRecord } from '../../domain/records/distributions.ts';
import { toImageWaitKey } from '../../domain/waits/wake.ts';
import type { ArtifactStore } from '../../ports/artifact-store.ts';
import type { ControlLocations, Locations } from '../../ports/locations.ts';
import type { Write } from '../../ports/table.ts';
import { releaseCopySlot } from './copy-slots.ts';
import { type LedgerDeps, saveRow } from './ledger.ts';

export interface LocationDeps extends LedgerDeps {
  readonly locations: Locations;
}

/** The store in which the artifact of a row is made: of its target, or of the control account for a shared copy. */
export async function openStore(
  { locations }: Pick<LocationDeps, 'locations'>,
  row: TargetRecord,
  kind: ArtifactName,
): Promise<ArtifactStore> {
  const location = row.sharedCopy
    ? locations.openControl(row.region)
    : await locations.open(row.account, row.region);
  return location.artifacts[kind];
}

/** The control account's store of an artifact that it owns. */
export function openControlStore<Call extends keyof ArtifactStore>(
  { locations }: { readonly locations: ControlLocations<Call> },
  { kind, region }: Artifact,
): Pick<ArtifactStore, Call> {
  return locations.openControl(region).artifacts[kind];
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
    ...(row.artifact === undefined ? [] : [{ delete: toImageWaitKey(findArtifactId(row.artifact)) }]),
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
