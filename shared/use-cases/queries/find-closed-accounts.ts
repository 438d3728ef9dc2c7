import { PreflightFailed } from '../../domain/base/errors.ts';
import type { Ports } from '../../ports/ports.ts';
import type { ClosedAccount, TargetRegion } from '../../ports/target-accounts.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';

const CHECKS_AT_ONCE = 10;

/** Assumes the target role of each account, and says where that fails. */
export async function findClosedAccounts(
  { locations }: Pick<Ports, 'locations'>,
  targets: readonly TargetRegion[],
): Promise<ClosedAccount[]> {
  const found = await mapConcurrent(CHECKS_AT_ONCE, targets, async ({ account, region }) => {
    try {
      await locations.open(account, region);
      return [];
    } catch (error) {
      if (!(error instanceof PreflightFailed)) throw error;
      return [{ account, problem: error.message }];
    }
  });
  return found.flat();
}
