/** Plans a distribution: every copy and share that brings the artifacts of a bake to its targets, in batches that the quotas allow. */

import type { Artifact } from '../artifacts/artifacts.ts';
import { DistributionFailed } from '../base/errors.ts';
import { SHARED_COPY_KEY } from '../base/naming.ts';
import type { Home } from '../base/regions.ts';
import type { TargetRecord } from '../records/distributions.ts';
import type { Quotas } from './quotas.ts';
import type { PlannedTarget, TargetIdentity } from './targets.ts';

/** The part of a ledger row that tells which artifact stands at a target. */
export type StandingTarget = TargetIdentity & Pick<TargetRecord, 'mode' | 'key'>;

export interface DistributionInput<Standing extends StandingTarget = StandingTarget> {
  /** What was built, by variant. */
  readonly artifacts: ReadonlyMap<string, Artifact>;
  readonly targets: readonly PlannedTarget[];
  readonly home: Home;
  /** What stands at targets already. */
  readonly standing: readonly Standing[];
}

/** One copy or share. Its batch counts from 0 for each destination. */
export type Transfer = PlannedTarget & Pick<TargetRecord, 'from' | 'batch'> & { readonly id: string };

/** The id of the transfer to a target. Ids sort by region, shared copies first. */
export function toTransferId({ account, region, variant, sharedCopy }: TargetIdentity): string {
  return [region, sharedCopy ? 'shared' : 'target', account, variant].join('/');
}

/**
 * All transfers that are still to be made, each after the one it comes from. Copies that stand are left out; a share is always planned, because
 * the artifact that it was given may be gone.
 */
export function planDistribution(input: DistributionInput, quotas: Quotas): readonly Transfer[] {
  const loads = new Map<string, Load[]>();
  const planned = new Map<string, Transfer>();
  for (const transfer of listTransfers(input)) {
    const { account, region, from } = transfer;
    if (transfer.mode === 'share') {
      const batch = from === 'built' ? 0 : (planned.get(from.transfer)?.batch ?? 0);
      planned.set(transfer.id, { ...transfer, batch });
    } else if (findStanding(transfer, input.standing) === undefined) {
      const destination = `${account}/${region}`;
      const batches = loads.get(destination) ?? [];
      loads.set(destination, batches);
      const snapshots = countSnapshots(input, transfer.variant);
      const batch = addToBatch(batches, snapshots, quotas.destination(account, region));
      planned.set(transfer.id, { ...transfer, batch });
    }
  }
  return [...planned.values()];
}

/**
 * All transfers that the targets need, in the order of their ids, whether or not they stand. Only an owner can share, and an image launches in
 * its own region alone: a region away from home gets one shared copy for each variant, and its shares come from that.
 */
export function listTransfers({
  targets,
  home,
}: Pick<DistributionInput, 'targets' | 'home'>): Omit<Transfer, 'batch'>[] {
  const transfers = new Map<string, Omit<Transfer, 'batch'>>();
  for (const target of targets) {
    const id = toTransferId(target);
    if (target.mode === 'copy' || target.region === home.region) {
      transfers.set(id, { ...target, id, from: 'built' });
      continue;
    }
    const copy: PlannedTarget = {
      account: home.account,
      region: target.region,
      variant: target.variant,
      mode: 'copy',
      required: target.required,
      sharedCopy: true,
      key: SHARED_COPY_KEY,
    };
    const transfer = toTransferId(copy);
    const required = target.required || transfers.get(transfer)?.required === true;
    transfers.set(transfer, { ...copy, required, id: transfer, from: 'built' });
    transfers.set(id, { ...target, id, from: { transfer } });
  }
  return [...transfers.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** What stands at a target already, known by its variant, its mode and, for a copy, its key. */
export function findStanding<Standing extends StandingTarget>(
  target: StandingTarget,
  standing: readonly Standing[],
): Standing | undefined {
  const id = toTransferId(target);
  return standing.find(
    (row) =>
      toTransferId(row) === id &&
      row.mode === target.mode &&
      (row.mode === 'share' || row.key === target.key),
  );
}

function countSnapshots({ artifacts }: DistributionInput, variant: string): number {
  const artifact = artifacts.get(variant);
  if (artifact === undefined) throw new DistributionFailed(`There is no image of the variant ${variant}.`);
  return artifact.snapshotIds.length;
}

interface Load {
  copies: number;
  snapshots: number;
}

/** Adds a copy to the first batch that has room for it. A copy that is larger than the quota has a batch of its own. */
function addToBatch(batches: Load[], snapshots: number, quota: Readonly<Load>): number {
  const found = batches.findIndex(
    (batch) => batch.copies < quota.copies && batch.snapshots + snapshots <= quota.snapshots,
  );
  const batch = batches[found];
  if (batch === undefined) return batches.push({ copies: 1, snapshots }) - 1;
  batch.copies += 1;
  batch.snapshots += snapshots;
  return found;
}
