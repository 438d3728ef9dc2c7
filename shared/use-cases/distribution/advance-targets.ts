/**
 * Takes every target of one region as far as it can go now. The state machine calls it, waits for copies if it says so, and calls it again:
 * steps are rows in the ledger, not states.
 */
import type * as z from 'zod';
import type { RegionInputSchema, RegionProgressSchema } from '../../domain/bakes/payloads.ts';
import { TryLater } from '../../domain/base/errors.ts';
import { pauseSeconds } from '../../domain/distribution/copies.ts';
import { toTransferId } from '../../domain/distribution/plan.ts';
import { COPYING } from '../../domain/distribution/quotas.ts';
import { copiesResource, toTargetLabel } from '../../domain/distribution/targets.ts';
import type { DistributionRecord, TargetRecord } from '../../domain/records/distributions.ts';
import { WriteConflict } from '../../ports/table.ts';
import { readOpenAttempt } from '../store/bakes.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import { type AdvanceDeps, advanceCopy } from './advance-copy.ts';
import { advanceShare } from './advance-share.ts';
import { freeCopySlot } from './copy-slots.ts';
import { failRow, isRefusal } from './fail-row.ts';
import { readPlan, readRows, saveRow } from './ledger.ts';
import { shareSourceWithTargets } from './source-launch-permissions.ts';

/** Targets of a region that are worked on at a time: five calls each, far below the request buckets of EC2. */
const TARGETS_AT_ONCE = 6;
/** More moves than a row can make in one call, with every retry; a row that needs more is a defect. */
const MAX_ADVANCES = 20;

export async function advanceTargets(
  deps: AdvanceDeps,
  input: z.infer<typeof RegionInputSchema>,
): Promise<z.infer<typeof RegionProgressSchema>> {
  try {
    return await advanceRegion(deps, input);
  } catch (error) {
    if (!(error instanceof WriteConflict)) throw error;
    await readOpenAttempt(deps, input);
    throw new TryLater(`Another run advances the targets in ${input.region} at this moment.`, input);
  }
}

async function advanceRegion(
  deps: AdvanceDeps,
  input: z.infer<typeof RegionInputSchema>,
): Promise<z.infer<typeof RegionProgressSchema>> {
  await readOpenAttempt(deps, input);
  const plan = await readPlan(deps, input);
  const all = await readRows(deps, input.bake, input.region);
  // An earlier batch takes the slots of its destination first.
  const own = all.filter((row) => row.attempt === input.attempt).sort((a, b) => a.batch - b.batch);
  const rows = await shareSourceWithTargets(deps, plan, own);

  const sharedCopies = await mapConcurrent(
    TARGETS_AT_ONCE,
    rows.filter((row) => row.sharedCopy),
    (row) => advanceTarget(deps, plan, row, undefined),
  );
  const targets = await mapConcurrent(
    TARGETS_AT_ONCE,
    rows.filter((row) => !row.sharedCopy),
    (row) => advanceTarget(deps, plan, row, findOrigin(row, sharedCopies)),
  );
  const ends = [...sharedCopies, ...targets];
  return {
    waiting: ends.some(isOpen),
    resource: copiesResource(input),
    failedRequired: ends.filter((row) => row.required && row.state === 'failed').map(toTargetLabel),
  };
}

/** The shared copy that a row comes from; undefined where it comes from the artifact as built. */
function findOrigin({ from }: TargetRecord, sharedCopies: readonly TargetRecord[]): TargetRecord | undefined {
  return from === 'built' ? undefined : sharedCopies.find((copy) => toTransferId(copy) === from.transfer);
}

export function isOpen(row: TargetRecord): boolean {
  return row.state === 'planned' || row.state === 'copying';
}

async function advanceTarget(
  deps: AdvanceDeps,
  plan: DistributionRecord,
  row: TargetRecord,
  sharedCopy: TargetRecord | undefined,
): Promise<TargetRecord> {
  let current = row;
  for (let count = 0; count < MAX_ADVANCES && mayAdvance(deps, current); count += 1) {
    try {
      const next =
        current.mode === 'share'
          ? await advanceShare(deps, plan, current, sharedCopy)
          : await advanceCopy(deps, plan, current);
      if (next === undefined) return current;
      current = next;
    } catch (error) {
      if (error instanceof TryLater && isSettled(deps, plan, current, error))
        return failRow(deps, current, error.message);
      if (error instanceof TryLater) return postponeTarget(deps, current, error);
      if (isRefusal(error)) return failRow(deps, current, error.message);
      throw error;
    }
  }
  return current;
}

function mayAdvance(deps: AdvanceDeps, row: TargetRecord): boolean {
  return isOpen(row) && (row.notBefore ?? '') <= deps.clock.now().toISOString();
}

/** What has not arrived within this time after the account was permitted to copy will not arrive. */
function isSettled(
  deps: AdvanceDeps,
  plan: DistributionRecord,
  row: TargetRecord,
  { facts }: TryLater,
): boolean {
  const since = Date.parse(row.permittedAt ?? plan.plannedAt);
  return facts.unsettled === true && deps.clock.now().getTime() >= since + COPYING.settleSeconds * 1000;
}

/** Comes back later; a copy that was not started gives its slot to others until then. */
async function postponeTarget(deps: AdvanceDeps, row: TargetRecord, error: TryLater): Promise<TargetRecord> {
  if (row.postponements >= COPYING.postponements)
    return failRow(
      deps,
      row,
      `AWS throttled or refused for quota ${row.postponements} times; last error: ${error.message}`,
    );
  const pause = pauseSeconds(row.postponements) * 1000;
  const change = {
    notBefore: new Date(deps.clock.now().getTime() + pause).toISOString(),
    postponements: row.postponements + 1,
    problem: error.message,
  };
  if (row.artifact !== undefined) return saveRow(deps, row, change);
  return saveRow(deps, row, { ...change, state: 'planned' }, [freeCopySlot(row)]);
}
