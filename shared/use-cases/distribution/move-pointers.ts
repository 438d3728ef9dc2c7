/**
 * Makes the image current in every target, last of all and only when every required target is verified. Either all move or all are as before:
 * each previous value stands in the ledger before it is overwritten, and one bake alone holds the pointers of a channel until its release.
 */

import type * as z from 'zod';
import { findRootCause } from '../../domain/bakes/outcomes.ts';
import type { MovePointersInputSchema } from '../../domain/bakes/payloads.ts';
import { AttemptEnded, DistributionFailed, ReleaseOutdated, TryLater } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { listReasons } from '../../domain/base/text.ts';
import { toTargetLabel } from '../../domain/distribution/targets.ts';
import type { DistributionRecord, TargetRecord } from '../../domain/records/distributions.ts';
import type { Ports } from '../../ports/ports.ts';
import { type Write, WriteConflict } from '../../ports/table.ts';
import { endStep } from '../bakes/steps.ts';
import { readOpenAttempt } from '../store/bakes.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import { isOpen } from './advance-targets.ts';
import { failRow } from './fail-row.ts';
import { isDone, readPlan, readRows, retryLaterOnConflict, savePlan } from './ledger.ts';
import type { LocationDeps } from './locations.ts';
import { moveTargetPointers } from './move-target-pointers.ts';
import { POINTERS_AT_ONCE, restorePointers } from './restore-pointers.ts';
import { unshareSourceFromTargets } from './source-launch-permissions.ts';

export type MovePointersDeps = LocationDeps & Pick<Ports, 'clock'>;
type Input = z.infer<typeof MovePointersInputSchema>;

type PointerSummary = { moved: number; failed: number };

export function movePointers(deps: MovePointersDeps, input: Input): Promise<PointerSummary> {
  return retryLaterOnConflict('Moving pointers', () => settleAndMove(deps, input));
}

async function settleAndMove(deps: MovePointersDeps, input: Input): Promise<PointerSummary> {
  await readOpenAttempt(deps, input);
  const plan = await readPlan(deps, input);
  if (plan.state === 'restoring' || plan.state === 'restored') {
    await restorePointers(deps, input);
    throw new DistributionFailed(`The pointers of bake ${input.bake} were put back.`, input);
  }
  const rows = await settleRows(deps, input, await readRows(deps, input.bake));
  if (plan.state === 'planned' || plan.state === 'moving') {
    requireVerified(rows);
    await unshareSourceFromTargets(deps, plan, rows);
    await moveAllPointers(deps, input, plan.state === 'moving' ? plan : await claimPointers(deps, plan));
  }
  return endDistribution(deps, input);
}

/** Rows that a region left open have failed: the nested execution that worked on them has ended. */
async function settleRows(
  deps: MovePointersDeps,
  input: Input,
  rows: readonly TargetRecord[],
): Promise<TargetRecord[]> {
  const causes = new Map(
    input.regions.flatMap(({ region, error: name, cause = '' }) =>
      name === undefined ? [] : [[region, findRootCause({ name, cause }).reason] as const],
    ),
  );
  return mapConcurrent(POINTERS_AT_ONCE, rows, async (row) => {
    if (row.attempt !== input.attempt || !isOpen(row)) return row;
    const cause = causes.get(row.region) ?? row.problem ?? 'its region ended before it';
    return failRow(deps, row, `It was not distributed: ${cause}`);
  });
}

function requireVerified(rows: readonly TargetRecord[]): void {
  const missing = rows.filter((row) => row.required && row.state !== 'verified');
  if (missing.length === 0) return;
  const reasons = missing.map((row) => `${toTargetLabel(row)}: ${row.problem ?? `is ${row.state}`}`);
  throw new DistributionFailed(
    `${missing.length} required ${missing.length === 1 ? 'target has' : 'targets have'} no verified image. ${listReasons(reasons)}`,
  );
}

/** From here on this bake alone moves the pointers of the channel, and the release at the time of the plan still is the newest. */
async function claimPointers(deps: MovePointersDeps, plan: DistributionRecord): Promise<DistributionRecord> {
  const channel = keys.channel(plan.pipeline, plan.channel);
  const pointers = keys.pointers(plan.pipeline, plan.channel);
  const also: Write[] = [
    {
      check: channel,
      when: plan.sequence === 0 ? { exists: false } : { equals: { sequence: plan.sequence } },
    },
    {
      put: { ...pointers, holder: `${plan.bake}.${plan.attempt}`, at: deps.clock.now().toISOString() },
      when: { exists: false },
    },
  ];
  try {
    return await savePlan(deps, plan, { state: 'moving' }, also);
  } catch (error) {
    if (!(error instanceof WriteConflict)) throw error;
    if (error.key.sk === channel.sk)
      throw new ReleaseOutdated(
        `${plan.pipeline} has a newer release in ${plan.channel} than when this distribution was planned. Bake again if it is still wanted.`,
        { bake: plan.bake },
      );
    throw new TryLater(
      `Another bake moves the pointers of ${plan.pipeline}/${plan.channel} at this moment.`,
      {
        bake: plan.bake,
      },
    );
  }
}

async function moveAllPointers(
  deps: MovePointersDeps,
  input: Input,
  plan: DistributionRecord,
): Promise<void> {
  const rows = (await readRows(deps, plan.bake)).filter(
    // Targets that the run before this one was abandoning, too: their pointers or images may still be there.
    (row) => !row.sharedCopy && (row.state === 'verified' || isBeingAbandoned(row)),
  );
  const results = await mapConcurrent(POINTERS_AT_ONCE, rows, (row) => moveTargetPointers(deps, plan, row));

  const refused = results.filter((result) => result.kind === 'refused');
  if (refused.length > 0) {
    const left = await restorePointers(deps, input);
    throw new DistributionFailed(describeRefusals(refused, left));
  }
  const later = results.find((result) => result.kind === 'later');
  if (later !== undefined)
    throw new TryLater(`${toTargetLabel(later.row)}: ${later.reason}`, { bake: plan.bake });

  try {
    await savePlan(deps, plan, { state: 'moved' });
  } catch (error) {
    if (!(error instanceof WriteConflict)) throw error;
    throw new AttemptEnded(`The pointers of bake ${plan.bake} were taken back meanwhile.`, {
      bake: plan.bake,
    });
  }
}

function isBeingAbandoned(row: TargetRecord): boolean {
  return row.state === 'failed' && (isDone(row, 'remember') || row.artifact !== undefined);
}

function describeRefusals(
  refused: readonly { readonly row: TargetRecord; readonly reason: string }[],
  left: readonly string[],
): string {
  const reasons = refused.map((result) => `${toTargetLabel(result.row)}: ${result.reason}`);
  const end =
    left.length === 0
      ? 'All pointers are as they were before.'
      : `These could not be put back: ${listReasons(left)}`;
  return `A pointer could not be moved. ${listReasons(reasons)}. ${end}`;
}

async function endDistribution(deps: MovePointersDeps, input: Input): Promise<PointerSummary> {
  const rows = (await readRows(deps, input.bake)).filter(
    (row) => !row.sharedCopy && row.attempt === input.attempt,
  );
  const moved = rows.filter((row) => row.state === 'verified').length;
  const failed = rows
    .filter((row) => row.state === 'failed')
    .map((row) => `${toTargetLabel(row)}: ${row.problem ?? 'failed'}`);
  const behind = failed.length === 0 ? '' : `; without ${failed.length} best-effort: ${listReasons(failed)}`;
  await endStep(deps, input, 'Distribute', {
    state: 'succeeded',
    summary: `${moved} of ${rows.length} targets have the image and point to it${behind}`,
  });
  return { moved, failed: failed.length };
}
