/** One target's pointers: remember, write, read back. Every line may be repeated after a crash. */

import { findArtifactId } from '../../domain/artifacts/artifacts.ts';
import { AttemptEnded, DistributionFailed, TryLater } from '../../domain/base/errors.ts';
import { keys, TAGS } from '../../domain/base/naming.ts';
import { isDropped, isDueToAsk, mayStillShow } from '../../domain/distribution/parameters.ts';
import { describeTemplateVersion } from '../../domain/distribution/targets.ts';
import type { DistributionRecord, TargetRecord } from '../../domain/records/distributions.ts';
import type { Pointers } from '../../ports/pointers.ts';
import { type Write, WriteConflict } from '../../ports/table.ts';
import { failRow, isRefusal } from './fail-row.ts';
import { addSteps, isDone, readDistribution, rowKey, saveRow } from './ledger.ts';
import { clearPointerFields, type RestoreDeps, restoreTargetPointers } from './restore-pointers.ts';

/** A target that may fail is left behind after so many throttles, rather than holding up the others. */
const MAX_BEST_EFFORT_RETRIES = 4;

export type MoveResult =
  | { readonly kind: 'moved'; readonly row: TargetRecord }
  | { readonly kind: 'later'; readonly row: TargetRecord; readonly reason: string }
  | { readonly kind: 'refused'; readonly row: TargetRecord; readonly reason: string };

/** A best-effort target that refuses is put back alone, marked as failed and answered as moved past. */
export async function moveTargetPointers(
  deps: RestoreDeps,
  plan: DistributionRecord,
  row: TargetRecord,
): Promise<MoveResult> {
  const ledger = { row };
  try {
    if (row.state === 'failed') return await finishAbandoning(deps, plan, row);
    const { pointers } = await deps.locations.open(row.account, row.region);
    await writePointers(deps, plan, pointers, ledger);
    return { kind: 'moved', row: ledger.row };
  } catch (error) {
    return await handleMoveError(deps, plan, ledger.row, error).catch(async (second: unknown) => {
      if (second instanceof WriteConflict) throw await restoreAfterConflict(deps, plan, ledger.row);
      throw second;
    });
  }
}

async function handleMoveError(
  deps: RestoreDeps,
  plan: DistributionRecord,
  row: TargetRecord,
  error: unknown,
): Promise<MoveResult> {
  if (error instanceof TryLater) {
    // What may still show would have to be waited for anyway before it is put back.
    if (row.required || mayStillShow(row, deps.clock.now()))
      return { kind: 'later', row, reason: error.message };
    if (row.postponements >= MAX_BEST_EFFORT_RETRIES) return abandonTarget(deps, plan, row, error.message);
    const put = await saveWhileMoving(deps, plan, row, { postponements: row.postponements + 1 });
    return { kind: 'later', row: put, reason: error.message };
  }
  if (!isRefusal(error)) throw error;
  if (row.required) return { kind: 'refused', row, reason: error.message };
  return abandonTarget(deps, plan, row, error.message);
}

async function writePointers(
  deps: RestoreDeps,
  plan: DistributionRecord,
  target: Pointers,
  ledger: { row: TargetRecord },
): Promise<void> {
  const { parameter, launchTemplate, artifact } = ledger.row;
  if (artifact === undefined) return;
  const imageId = findArtifactId(artifact);
  if (!isDone(ledger.row, 'remember'))
    ledger.row = await recordPreviousPointers(deps, plan, target, ledger.row);
  if (parameter !== undefined && !isDone(ledger.row, 'parameter')) {
    await writeParameter(deps, plan, target, ledger, { parameter, imageId });
    ledger.row = await saveWhileMoving(deps, plan, ledger.row, { done: addSteps(ledger.row, 'parameter') });
  }
  if (launchTemplate !== undefined && !isDone(ledger.row, 'default-version')) {
    const { version } = await target.addTemplateVersion(
      launchTemplate,
      imageId,
      describeTemplateVersion(ledger.row),
    );
    ledger.row = await saveWhileMoving(deps, plan, ledger.row, {
      launchTemplateVersion: version,
      done: addSteps(ledger.row, 'launch-template'),
    });
    await target.setDefaultTemplateVersion(launchTemplate, version);
    ledger.row = await saveWhileMoving(deps, plan, ledger.row, {
      done: addSteps(ledger.row, 'default-version'),
    });
  }
}

/** Ends when the parameter shows the image. Every write stands in the row first, so that whoever puts it back knows what may still take effect. */
async function writeParameter(
  deps: RestoreDeps,
  plan: DistributionRecord,
  target: Pointers,
  ledger: { row: TargetRecord },
  { parameter, imageId }: { readonly parameter: string; readonly imageId: string },
): Promise<void> {
  const now = deps.clock.now();
  const dropped = isDropped(ledger.row, now);
  if (!dropped && isDueToAsk(ledger.row, now)) {
    const last = now.toISOString();
    ledger.row = await saveWhileMoving(deps, plan, ledger.row, {
      parameterAsked: { first: ledger.row.parameterAsked?.first ?? last, last },
    });
    await target.writeParameter(parameter, imageId, parameterTags(plan));
  }
  if ((await target.readParameter(parameter)) === imageId) return;
  if (dropped)
    throw new DistributionFailed(
      `The parameter ${parameter} does not take ${imageId}: Parameter Store looked at the image and dropped it. See whether a policy of the target keeps the role from ec2:DescribeImages, then retry the bake.`,
    );
  throw new TryLater(`The parameter ${parameter} does not show ${imageId} yet.`);
}

async function recordPreviousPointers(
  deps: RestoreDeps,
  plan: DistributionRecord,
  target: Pointers,
  row: TargetRecord,
): Promise<TargetRecord> {
  const value = row.parameter === undefined ? undefined : await target.readParameter(row.parameter);
  const standing =
    row.launchTemplate === undefined ? undefined : await target.readTemplateDefault(row.launchTemplate);
  // A pointer that shows the image already, as where a retained one was tested again, is not moved: its watchers would be woken for nothing.
  const imageId = row.artifact && findArtifactId(row.artifact);
  const isShown = value === imageId;
  const isDefault = standing !== undefined && standing.imageId === imageId;
  return saveWhileMoving(deps, plan, row, {
    previousParameterValue: value,
    previousTemplateVersion: isDefault ? undefined : standing?.version,
    done: addSteps(
      row,
      'remember',
      ...(isShown ? (['parameter'] as const) : []),
      ...(isDefault ? (['launch-template', 'default-version'] as const) : []),
    ),
  });
}

/** Only while the plan is moving: a run that goes on after its bake was ended loses here. */
async function saveWhileMoving(
  deps: RestoreDeps,
  plan: DistributionRecord,
  row: TargetRecord,
  change: Parameters<typeof saveRow>[2],
): Promise<TargetRecord> {
  const moving: Write = {
    check: keys.distribution(plan.bake),
    when: { equals: { state: 'moving', attempt: plan.attempt } },
  };
  return saveRow(deps, row, change, [moving]);
}

/** The row says so first: a run beside this one then loses its next write, and puts back what it has written meanwhile. */
async function abandonTarget(
  deps: RestoreDeps,
  plan: DistributionRecord,
  row: TargetRecord,
  reason: string,
): Promise<MoveResult> {
  const problem = `Its pointers could not be moved: ${reason}`;
  const restoringSince = deps.clock.now().toISOString();
  const failed = await saveWhileMoving(deps, plan, row, { state: 'failed', problem, restoringSince });
  return finishAbandoning(deps, plan, failed);
}

async function finishAbandoning(
  deps: RestoreDeps,
  plan: DistributionRecord,
  row: TargetRecord,
): Promise<MoveResult> {
  const problem = row.problem ?? 'Its pointers could not be moved';
  try {
    if (isDone(row, 'remember')) await restoreAt(deps, row);
    const clean = await saveWhileMoving(deps, plan, row, { ...clearPointerFields(row), postponements: 0 });
    return { kind: 'moved', row: await failRow(deps, clean, problem) };
  } catch (error) {
    if (error instanceof TryLater) return { kind: 'later', row, reason: error.message };
    if (!isRefusal(error)) throw error;
    const both = `${problem}; they could not be put back either: ${error.message}`;
    const done = row.done.filter((step) => step !== 'remember');
    return { kind: 'moved', row: await saveWhileMoving(deps, plan, row, { done, problem: both }) };
  }
}

/** For a row that another run has written: if pointers are being restored, the last write of this run may have come after that. */
async function restoreAfterConflict(
  deps: RestoreDeps,
  plan: DistributionRecord,
  row: TargetRecord,
): Promise<Error> {
  const now = await readDistribution(deps, plan.bake);
  const item = await deps.table.get(rowKey(row));
  const leftBehind = item?.state === 'failed';
  const goesOn = now !== undefined && ['moving', 'moved', 'released'].includes(now.state);
  if ((leftBehind || !goesOn) && isDone(row, 'remember')) await restoreAt(deps, row);
  return goesOn
    ? new TryLater(`Another run moves the pointers of bake ${plan.bake} at this moment.`)
    : new AttemptEnded(`The pointers of bake ${plan.bake} were put back.`, { bake: plan.bake });
}

async function restoreAt(deps: RestoreDeps, row: TargetRecord): Promise<void> {
  const { pointers } = await deps.locations.open(row.account, row.region);
  await restoreTargetPointers(pointers, row, deps.clock.now());
}

function parameterTags(plan: DistributionRecord): Record<string, string> {
  return { [TAGS.managed]: 'true', [TAGS.pipeline]: plan.pipeline };
}
