/** Part of the clean-up of a bake that was not released: pointers as before, no copy and no permission left in any target. May be repeated. */

import { findArtifactId } from '../../domain/artifacts/artifacts.ts';
import { isKeptCopy } from '../../domain/bakes/kept-images.ts';
import type { BakeRef } from '../../domain/bakes/payloads.ts';
import { TryLater } from '../../domain/base/errors.ts';
import { TAGS } from '../../domain/base/naming.ts';
import { toTargetLabel } from '../../domain/distribution/targets.ts';
import type { DistributionRecord, TargetRecord } from '../../domain/records/distributions.ts';
import { WriteConflict } from '../../ports/table.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import { isRefusal, prepareCopyEnd, withdrawImage } from './fail-row.ts';
import { type RowChange, readDistribution, readRows, requireSource, saveRow } from './ledger.ts';
import { type LocationDeps, openStore } from './locations.ts';
import { type RestoreDeps, restorePointers } from './restore-pointers.ts';
import { unshareSourceFromTargets } from './source-launch-permissions.ts';

interface Removal {
  /** False while a repeat may remove more. */
  readonly done: boolean;
  readonly removed: readonly string[];
  /** What a target refuses to have removed. */
  readonly left: readonly string[];
}

const TARGETS_AT_ONCE = 6;

/**
 * Returns what it removed and what it could not: until that is empty it has to run again. Throws TryLater where AWS throttles.
 */
export async function removeCopies(
  deps: RestoreDeps,
  ref: BakeRef,
  { keepsVerified }: { readonly keepsVerified: boolean } = { keepsVerified: false },
): Promise<string[]> {
  const plan = await readDistribution(deps, ref.bake);
  if (plan === undefined || plan.attempt !== ref.attempt || plan.state === 'released') return [];
  const stuck = await restorePointers(deps, ref);
  const all = (await readRows(deps, ref.bake)).filter((row) => row.attempt === ref.attempt);
  const kept = keepsVerified ? all.filter(isKeptCopy) : [];
  const rows = all.filter((row) => !kept.includes(row));
  const spared = [
    ...Object.values(plan.sources).map(({ artifact }) => findArtifactId(artifact)),
    ...kept.flatMap(({ artifact }) => (artifact === undefined ? [] : [findArtifactId(artifact)])),
  ];
  // Accounts lose the permission to launch a shared image before the image goes.
  const remove = (mode: TargetRecord['mode']) => {
    const own = rows.filter((row) => row.mode === mode);
    return mapConcurrent(TARGETS_AT_ONCE, own, (row) => removeRow(deps, plan, row, spared));
  };
  const shares = await remove('share');
  const copies = await remove('copy');
  await unshareSourceFromTargets(deps, plan, await readRows(deps, ref.bake));
  const results = [...shares, ...copies];
  if (results.some((result) => !result.done))
    throw new TryLater(`Some copies of bake ${ref.bake} could not be removed yet.`, ref);
  return [...results.flatMap(({ removed }) => removed), ...stuck, ...results.flatMap(({ left }) => left)];
}

async function removeRow(
  deps: LocationDeps,
  plan: DistributionRecord,
  row: TargetRecord,
  spared: readonly string[],
): Promise<Removal> {
  try {
    if (row.mode === 'share') await withdrawImage(deps, row);
    const removed = row.mode === 'share' ? [] : await removeImages(deps, plan, row, spared);
    if (row.state !== 'removed') {
      const change: RowChange = { state: 'removed', artifact: undefined, done: [] };
      await saveRow(deps, row, change, prepareCopyEnd(row));
    }
    return { done: true, removed, left: [] };
  } catch (error) {
    if (error instanceof TryLater || error instanceof WriteConflict)
      return { done: false, removed: [], left: [] };
    if (isRefusal(error))
      return { done: true, removed: [], left: [`${toTargetLabel(row)} keeps its copy: ${error.message}`] };
    throw error;
  }
}

/** By tag as well as by row: a crash may have come between the call that made an image and the write that says so. */
async function removeImages(
  deps: LocationDeps,
  plan: DistributionRecord,
  row: TargetRecord,
  spared: readonly string[],
): Promise<string[]> {
  if (row.copyStartedAt === undefined) return [];
  const source = requireSource(plan, row.variant).artifact;
  const store = await openStore(deps, row, source.kind);
  const found = (await store.findByBake(row.bake))
    .filter((facts) => facts.tags[TAGS.attempt] === String(row.attempt))
    .map(({ artifact }) => artifact);
  // A retained copy carries the tags of the bake that made it.
  const own = row.artifact === undefined || row.reused ? [] : [row.artifact];
  const byId = new Map([...own, ...found].map((artifact) => [findArtifactId(artifact), artifact]));
  for (const id of spared) byId.delete(id);
  for (const artifact of byId.values()) await store.remove(artifact);
  return [...byId.keys()];
}
