/** The life of a shared image in one target: permit it, then see with the target's own role that it is there. */
import { type Artifact, findArtifactId } from '../../domain/artifacts/artifacts.ts';
import { copyDigest } from '../../domain/distribution/copies.ts';
import { copyOutcome, findDefects } from '../../domain/distribution/verification.ts';
import type { DistributionRecord, TargetRecord } from '../../domain/records/distributions.ts';
import { readOpenAttempt } from '../store/bakes.ts';
import type { AdvanceDeps } from './advance-copy.ts';
import { failRow } from './fail-row.ts';
import { addSteps, requireSource, saveRow } from './ledger.ts';
import { openControlStore } from './locations.ts';

/** One move of a row in mode `share`. Answers the row after it, or undefined where it must wait or has ended. */
export async function advanceShare(
  deps: AdvanceDeps,
  plan: DistributionRecord,
  row: TargetRecord,
  sharedCopy: TargetRecord | undefined,
): Promise<TargetRecord | undefined> {
  if (row.artifact !== undefined) return checkShare(deps, plan, row, row.artifact);
  if (
    row.region !== plan.region &&
    (sharedCopy === undefined || ['failed', 'removed'].includes(sharedCopy.state))
  )
    return failRow(
      deps,
      row,
      `There is nothing to share in ${row.region}: ${sharedCopy?.problem ?? 'the control account has no copy there'}`,
    );
  const shared = findImageToShare(plan, row, sharedCopy);
  // The retained image that this target was given before is gone with the shared copy.
  const missing = sharedCopy?.missingImageId;
  return shared === undefined
    ? undefined
    : recordShare(deps, plan, missing === undefined ? row : { ...row, missingImageId: missing }, shared);
}

function findImageToShare(
  plan: DistributionRecord,
  row: TargetRecord,
  sharedCopy: TargetRecord | undefined,
): Artifact | undefined {
  if (row.region === plan.region) return requireSource(plan, row.variant).artifact;
  return sharedCopy?.state === 'verified' ? sharedCopy.artifact : undefined;
}

/** Names the image in the row before it is shared, so that the clean-up knows what to unshare. */
async function recordShare(
  deps: AdvanceDeps,
  plan: DistributionRecord,
  row: TargetRecord,
  artifact: Artifact,
): Promise<TargetRecord> {
  await readOpenAttempt(deps, row);
  return saveRow(deps, row, {
    state: 'copying',
    artifact,
    copyStartedAt: deps.clock.now().toISOString(),
    done: row.account === plan.account ? addSteps(row, 'permit') : row.done,
  });
}

async function checkShare(
  deps: AdvanceDeps,
  plan: DistributionRecord,
  row: TargetRecord,
  artifact: Artifact,
): Promise<TargetRecord | undefined> {
  const id = findArtifactId(artifact);
  if (!row.done.includes('permit')) {
    await readOpenAttempt(deps, row);
    await openControlStore(deps, artifact).share(artifact, [row.account]);
    return saveRow(deps, row, {
      done: addSteps(row, 'permit'),
      copyStartedAt: deps.clock.now().toISOString(),
    });
  }
  const { artifacts } = await deps.locations.open(row.account, row.region);
  const seen = await artifacts[artifact.kind].describe(id);
  const outcome = copyOutcome(row, seen, deps.clock.now());
  if (outcome.kind === 'pending') return undefined;
  if (outcome.kind === 'failed')
    return failRow(deps, row, `${id} cannot be seen with the role of the target: ${outcome.reason}`);

  if (plan.deprecateAt !== undefined)
    await openControlStore(deps, artifact).retireAt(artifact, plan.deprecateAt);
  const source = requireSource(plan, row.variant);
  const defects = findDefects({ source, seen });
  if (defects.length > 0) return failRow(deps, row, `${id} is not as it must be: ${defects.join('; ')}.`);
  return saveRow(deps, row, {
    state: 'verified',
    digest: copyDigest(deps.digest, row, findArtifactId(source.artifact)),
    done: addSteps(row, 'verify'),
    problem: undefined,
    notBefore: undefined,
    postponements: 0,
  });
}
