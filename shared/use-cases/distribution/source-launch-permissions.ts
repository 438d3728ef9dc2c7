/** The image as built is shared for copying with the accounts that copy it, and until they have. */
import type { DistributionRecord, TargetRecord } from '../../domain/records/distributions.ts';
import type { ControlLocations } from '../../ports/locations.ts';
import type { Ports } from '../../ports/ports.ts';
import { failRow, isRefusal } from './fail-row.ts';
import { addSteps, isDone, type LedgerDeps, requireSource, saveRow } from './ledger.ts';
import { type LocationDeps, openControlStore } from './locations.ts';

/** Shares the source with the accounts of all rows that need it, in one call per variant. Returns the rows as they are then. */
export async function shareSourceWithTargets(
  deps: LocationDeps & Pick<Ports, 'clock'>,
  plan: DistributionRecord,
  rows: readonly TargetRecord[],
): Promise<TargetRecord[]> {
  const current = [...rows];
  for (const [variant, source] of Object.entries(plan.sources)) {
    const needy = rows.filter((row) => row.variant === variant && needsSharedSource(plan, row));
    if (needy.length === 0) continue;
    const accounts = distinct(needy.map((row) => row.account));
    const permittedAt = deps.clock.now().toISOString();
    let refusal: string | undefined;
    try {
      await openControlStore(deps, source.artifact).share(source.artifact, accounts);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refusal = error.message;
    }
    for (const row of needy) {
      current[rows.indexOf(row)] =
        refusal === undefined
          ? await saveRow(deps, row, { done: addSteps(row, 'permit-source'), permittedAt })
          : await failRow(deps, row, refusal);
    }
  }
  return current;
}

export function needsSharedSource(plan: DistributionRecord, row: TargetRecord): boolean {
  return (
    row.mode === 'copy' &&
    row.account !== plan.account &&
    row.state === 'planned' &&
    !isDone(row, 'permit-source')
  );
}

/**
 * Takes the permissions for copying back. An account that has verified that the source itself is shared with it keeps its own, and so does one
 * that a retained release shares it with.
 */
export async function unshareSourceFromTargets(
  deps: LedgerDeps & { readonly locations: ControlLocations },
  plan: DistributionRecord,
  rows: readonly TargetRecord[],
): Promise<void> {
  for (const variant of Object.keys(plan.sources)) {
    const { artifact } = requireSource(plan, variant);
    const of = rows.filter((row) => row.variant === variant && row.account !== plan.account);
    const shared = of
      .filter((row) => row.mode === 'share' && row.region === plan.region && row.state === 'verified')
      .map((row) => row.account)
      .concat(plan.sharedWith?.[variant] ?? []);
    const accounts = distinct(
      of.filter((row) => row.mode === 'copy' && !shared.includes(row.account)).map((row) => row.account),
    );
    if (accounts.length > 0) await openControlStore(deps, artifact).unshare(artifact, accounts);
  }
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
