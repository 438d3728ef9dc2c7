/**
 * The life of one copy: take a slot, start it, check it, tag or try again, verify. Every call to AWS comes after the row that tells
 * of it or can be repeated with the same token, so a crash between any two lines is picked up by calling again.
 */

import { type Artifact, findArtifactId } from '../../domain/artifacts/artifacts.ts';
import { AttemptEnded, TryLater } from '../../domain/base/errors.ts';
import { keys, TAGS, waitId } from '../../domain/base/naming.ts';
import { copyDigest, copyName, copyToken, toRetainedTags } from '../../domain/distribution/copies.ts';
import { COPYING } from '../../domain/distribution/quotas.ts';
import { copiesResource } from '../../domain/distribution/targets.ts';
import { copyOutcome, findDefects } from '../../domain/distribution/verification.ts';
import type { DistributionRecord, TargetRecord } from '../../domain/records/distributions.ts';
import type { ArtifactFacts, ArtifactStore } from '../../ports/artifact-store.ts';
import type { Ports } from '../../ports/ports.ts';
import { WriteConflict } from '../../ports/table.ts';
import { readOpenAttempt } from '../store/bakes.ts';
import { acquireCopySlot } from './copy-slots.ts';
import { failRow, prepareCopyEnd } from './fail-row.ts';
import { addSteps, isDone, type RowChange, readRows, requireSource, saveRow } from './ledger.ts';
import { type LocationDeps, openStore } from './locations.ts';
import { needsSharedSource } from './source-launch-permissions.ts';

export type AdvanceDeps = LocationDeps & Pick<Ports, 'clock' | 'digest'>;

/** The row that is moved on, what is copied, and the store that it is copied into. */
interface Move {
  readonly deps: AdvanceDeps;
  readonly plan: DistributionRecord;
  readonly row: TargetRecord;
  readonly source: ReturnType<typeof requireSource>;
  readonly store: ArtifactStore;
}

/** One move of a row whose image is a copy. Answers the row after it, or undefined where it must wait or has ended. */
export async function advanceCopy(
  deps: AdvanceDeps,
  plan: DistributionRecord,
  row: TargetRecord,
): Promise<TargetRecord | undefined> {
  const source = requireSource(plan, row.variant);
  const store = await openStore(deps, row, source.artifact.kind);
  const move: Move = { deps, plan, row, source, store };
  if (row.attempt > 1 && !isDone(row, 'sweep')) return removeOlderCopies(move);
  // A retained copy that was gone: the next call lets its account copy the source.
  if (row.state === 'planned' && needsSharedSource(plan, row)) return undefined;
  if (row.state === 'planned') return prepareCopy(move);
  return row.artifact === undefined ? startCopy(move) : checkCopy(move, row.artifact);
}

/** What an earlier attempt left here, in case that its clean-up did not come to its end. */
async function removeOlderCopies({ deps, plan, row, store }: Move): Promise<TargetRecord> {
  // What this attempt goes on with carries the tag of the attempt that made it until it is verified again.
  const kept = (await readRows(deps, row.bake, row.region)).map((other) => other.artifact);
  const sources = [...Object.values(plan.sources).map(({ artifact }) => artifact), ...kept].flatMap(
    (artifact) => (artifact === undefined ? [] : [findArtifactId(artifact)]),
  );
  for (const { artifact, tags } of await store.findByBake(row.bake)) {
    const older = Number(tags[TAGS.attempt] ?? row.attempt) < row.attempt;
    if (older && !sources.includes(findArtifactId(artifact))) await store.remove(artifact);
  }
  return saveRow(deps, row, { done: addSteps(row, 'sweep') });
}

async function prepareCopy({ deps, row, source, store }: Move): Promise<TargetRecord> {
  const keyArn = row.keyArn ?? (await store.resolveKey(row.key ?? ''));
  if (!(await acquireCopySlot(deps, row, source.devices.length)))
    throw new TryLater(`All places for copies into ${row.account}/${row.region} are taken.`);
  return saveRow(deps, row, {
    state: 'copying',
    keyArn,
    copyStartedAt: deps.clock.now().toISOString(),
    notBefore: undefined,
  });
}

async function startCopy({ deps, plan, row, source, store }: Move): Promise<TargetRecord> {
  await readOpenAttempt(deps, row);
  const artifact = await store.copyFrom(source.artifact, {
    clientToken: copyToken(deps.digest, row),
    name: copyName(plan.pipeline, row),
    description: `${plan.pipeline} (${row.variant}), made by Ovenbird, bake ${row.bake}`,
    key: row.keyArn ?? row.key ?? '',
    tags: source.tags,
  });
  const change = {
    artifact,
    copyStartedAt: deps.clock.now().toISOString(),
    done: addSteps(row, 'copy'),
  } satisfies RowChange;
  const wait = waitId('copies', copiesResource(row));
  try {
    return await saveRow(deps, row, change, [{ put: { ...keys.imageWait(findArtifactId(artifact)), wait } }]);
  } catch (error) {
    if (error instanceof WriteConflict) await removeIfEnded({ deps, row, store }, artifact);
    throw error;
  }
}

/** The clean-up went past while the copy was being started: it cannot have seen it, so it is removed here. */
async function removeIfEnded(
  { deps, row, store }: Pick<Move, 'deps' | 'row' | 'store'>,
  artifact: Artifact,
): Promise<void> {
  try {
    await readOpenAttempt(deps, row);
  } catch (error) {
    if (error instanceof AttemptEnded) await store.remove(artifact);
    throw error;
  }
}

async function checkCopy(move: Move, artifact: Artifact): Promise<TargetRecord | undefined> {
  const { deps, row, store } = move;
  const seen = await store.describe(findArtifactId(artifact));
  const outcome = copyOutcome(row, seen, deps.clock.now());
  switch (outcome.kind) {
    case 'pending':
      return undefined;
    case 'failed':
      return row.reused
        ? replaceReusedCopy(deps, row, outcome.reason, findArtifactId(artifact))
        : retryCopy(move, artifact, outcome.reason);
    case 'available':
      return verifyCopy(move, artifact);
  }
}

async function retryCopy(
  { deps, row, store }: Move,
  artifact: Artifact,
  reason: string,
): Promise<TargetRecord> {
  const copyAttempts = row.copyAttempts + 1;
  if (copyAttempts >= COPYING.attempts)
    return failRow(deps, row, `The copy failed ${copyAttempts} times, at last because: ${reason}`);
  await store.remove(artifact);
  const change = {
    state: 'planned',
    artifact: undefined,
    copyAttempts,
    problem: reason,
    done: row.done.filter((step) => step !== 'copy'),
  } as const;
  return saveRow(deps, row, change, prepareCopyEnd(row));
}

/** Plans a new copy where the retained one cannot be used. An image that still stands there stays; `missing`: the id of one that is gone. */
async function replaceReusedCopy(
  deps: AdvanceDeps,
  row: TargetRecord,
  reason: string,
  missing?: string,
): Promise<TargetRecord> {
  return saveRow(deps, row, {
    state: 'planned',
    reused: false,
    artifact: undefined,
    keyArn: undefined,
    copyStartedAt: undefined,
    missingImageId: missing,
    problem: `The retained copy cannot be used: ${reason}`,
    done: row.done.filter((step) => step === 'sweep'),
  });
}

/** Ready: what CopyImage leaves behind is put on, then everything is read back. */
async function verifyCopy({ deps, plan, row, source, store }: Move, copy: Artifact): Promise<TargetRecord> {
  const id = findArtifactId(copy);
  const tags = row.reused ? toRetainedTags(source.tags) : source.tags;
  if (plan.deprecateAt !== undefined) await store.retireAt(copy, plan.deprecateAt);
  let seen = await store.describe(id);
  if (lacksTags(seen, tags)) {
    await store.tag(seen?.artifact ?? copy, tags);
    seen = await store.describe(id);
  }
  const defects = findDefects({
    source,
    seen,
    tags,
    ...(row.keyArn === undefined ? {} : { keyArn: row.keyArn }),
    ...(plan.deprecateAt === undefined ? {} : { deprecateAt: plan.deprecateAt }),
  });
  if (defects.length > 0 && row.reused) return replaceReusedCopy(deps, row, `${id} ${defects.join('; ')}`);
  if (defects.length > 0)
    return failRow(deps, row, `The copy ${id} is not as it must be: ${defects.join('; ')}.`);
  const artifact = seen?.artifact ?? copy;
  const change = {
    state: 'verified',
    artifact,
    digest: copyDigest(deps.digest, { ...row, artifact }, findArtifactId(source.artifact)),
    done: addSteps(row, 'tag', ...(plan.deprecateAt === undefined ? [] : (['deprecate'] as const)), 'verify'),
    problem: undefined,
    notBefore: undefined,
    postponements: 0,
  } as const;
  return saveRow(deps, row, change, prepareCopyEnd(row));
}

function lacksTags(seen: ArtifactFacts | undefined, tags: Readonly<Record<string, string>>): boolean {
  return Object.entries(tags).some(([key, value]) => seen?.tags[key] !== value);
}
