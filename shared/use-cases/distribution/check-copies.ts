/** Whether a region whose copies are waited for can go on. Reads the resources themselves: the event that asked may be late, early or repeated. */

import { findArtifactId } from '../../domain/artifacts/artifacts.ts';
import { TryLater } from '../../domain/base/errors.ts';
import { parseCopiesResource } from '../../domain/distribution/targets.ts';
import { copyOutcome } from '../../domain/distribution/verification.ts';
import type { TargetRecord } from '../../domain/records/distributions.ts';
import type { WaitRecord } from '../../domain/records/waits.ts';
import type { WaitOutcome } from '../../domain/waits/wait.ts';
import type { Ports } from '../../ports/ports.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import { isOpen } from './advance-targets.ts';
import { isRefusal } from './fail-row.ts';
import { readDistribution, readRows } from './ledger.ts';
import { type LocationDeps, openStore } from './locations.ts';

export type CheckCopiesDeps = LocationDeps & Pick<Ports, 'clock'>;

/** Reads go out to so many targets at a time. */
const READS_AT_ONCE = 6;

/** Undefined while all that the region waits for is still on its way; otherwise success: advance-targets finds out what came of it. */
export async function checkCopies(
  deps: CheckCopiesDeps,
  wait: Pick<WaitRecord, 'resource'>,
): Promise<WaitOutcome | undefined> {
  const copies = parseCopiesResource(wait.resource);
  const plan = copies === undefined ? undefined : await readDistribution(deps, copies.bake);
  if (copies === undefined || plan?.attempt !== copies.attempt) return { kind: 'success', output: {} };
  const rows = await readRows(deps, copies.bake, copies.region);
  const open = rows.filter((row) => row.attempt === copies.attempt && isOpen(row));
  const states = await mapConcurrent(READS_AT_ONCE, open, (row) => readCopyState(deps, row, open));
  const goesOn = states.includes('due') || !states.includes('pending');
  return goesOn ? { kind: 'success', output: {} } : undefined;
}

/** `due` has waited for a time that has come, which is worth a call at once; `ended` is told when all that was under way has ended. */
async function readCopyState(
  deps: CheckCopiesDeps,
  row: TargetRecord,
  open: readonly TargetRecord[],
): Promise<'pending' | 'ended' | 'due'> {
  const now = deps.clock.now();
  if (row.notBefore !== undefined && row.notBefore > now.toISOString()) return 'pending';
  if (row.artifact === undefined) {
    const sharedCopy = open.find((candidate) => candidate.sharedCopy && candidate.variant === row.variant);
    return row.mode === 'share' && sharedCopy !== undefined ? 'ended' : 'due';
  }
  if (row.mode === 'share' && !row.done.includes('permit')) return 'due';
  try {
    const store = await openStore(deps, row, row.artifact.kind);
    const outcome = copyOutcome(row, await store.describe(findArtifactId(row.artifact)), now);
    return outcome.kind === 'pending' ? 'pending' : 'ended';
  } catch (error) {
    if (error instanceof TryLater) return 'pending';
    if (isRefusal(error)) return 'ended';
    throw error;
  }
}
