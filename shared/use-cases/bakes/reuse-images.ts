/**
 * How a bake reuses retained images: its artifact rows name what the earlier bake built, and the steps that those images passed already are
 * recorded as skipped. May be repeated: another run that wrote first has written the same.
 */

import { findArtifactId } from '../../domain/artifacts/artifacts.ts';
import type { BakeRef } from '../../domain/bakes/payloads.ts';
import { keys } from '../../domain/base/naming.ts';
import {
  describeContinuedStep,
  describeSkippedStep,
  listSkippedSteps,
  type StartsAt,
} from '../../domain/reconcile/skipped-steps.ts';
import {
  type ArtifactRecord,
  ArtifactRecordSchema,
  type BakeRecord,
  BakeRecordSchema,
  type StepRecord,
} from '../../domain/records/bakes.ts';
import { isGoing, ReleaseRecordSchema } from '../../domain/records/releases.ts';
import type { ControlLocations } from '../../ports/locations.ts';
import { readMany, readRecord } from '../store/read.ts';
import { tryWrite } from '../store/try-write.ts';
import type { StepDeps } from './steps.ts';

export interface ReuseImagesDeps extends StepDeps {
  readonly locations: ControlLocations<'describe'>;
}

/** The images of the bake that is reused, or why they cannot be used any more. */
export type RetainedImages = { readonly images: readonly ArtifactRecord[] } | { readonly gone: string };

export async function readRetainedImages(
  deps: ReuseImagesDeps,
  reusesBake: string,
  variants: readonly string[],
): Promise<RetainedImages> {
  const goneRelease = await findGoneRelease(deps, reusesBake);
  if (goneRelease !== undefined) return { gone: `release ${goneRelease} is being removed` };
  const wanted = variants.map((variant) => keys.artifact(reusesBake, variant));
  const rows = await readMany(deps.table, wanted, ArtifactRecordSchema);
  const images: ArtifactRecord[] = [];
  for (const [index, image] of rows.entries()) {
    if (image?.artifact === undefined)
      return { gone: `bake ${reusesBake} has no image of the variant ${variants[index]}` };
    const { kind, region } = image.artifact;
    const id = findArtifactId(image.artifact);
    const facts = await deps.locations.openControl(region).artifacts[kind].describe(id);
    if (facts?.state !== 'available')
      return { gone: `${id} is ${facts === undefined ? 'gone' : facts.state}` };
    images.push(image);
  }
  return { images };
}

/** The clean-up may have begun with the release before any image is gone. */
async function findGoneRelease(deps: ReuseImagesDeps, reusesBake: string): Promise<string | undefined> {
  const bake = await readRecord(deps.table, keys.bake(reusesBake), BakeRecordSchema);
  if (bake?.release === undefined) return undefined;
  const key = keys.release(bake.pipeline, bake.channel, bake.release);
  const release = await readRecord(deps.table, key, ReleaseRecordSchema);
  return release !== undefined && isGoing(release) ? release.id : undefined;
}

export async function reuseImages(
  deps: ReuseImagesDeps,
  ref: BakeRef,
  bake: BakeRecord,
  images: readonly ArtifactRecord[],
): Promise<void> {
  const retained = bake.reusesBake ?? '';
  const { startsAt } = bake;
  for (const image of images)
    await writeReusedArtifact(deps, ref, toReusedArtifact(ref, image, retained, startsAt));
  for (const step of listSkippedSteps(startsAt))
    await recordSkippedStep(deps, ref, step, describeSkippedStep(step, retained));
}

/** The images of an attempt whose distribution failed become those of this one, which cleans them up should it fail, too. */
export async function continueAttempt(
  deps: ReuseImagesDeps,
  ref: BakeRef,
  continues: number,
  images: readonly ArtifactRecord[],
): Promise<void> {
  for (const { variant } of images)
    await tryWrite(deps.table, [
      {
        update: keys.artifact(ref.bake, variant),
        set: { attempt: ref.attempt },
        when: { equals: { attempt: continues } },
      },
    ]);
  for (const step of listSkippedSteps('Distribute'))
    await recordSkippedStep(deps, ref, step, describeContinuedStep(continues));
}

/** As it was built and described; judged anew where it is tested again, because nothing passes by default. */
function toReusedArtifact(
  ref: BakeRef,
  image: ArtifactRecord,
  retained: string,
  startsAt: StartsAt,
): ArtifactRecord {
  const { verdict, ...built } = image;
  const isJudged = startsAt !== 'Test' && verdict !== undefined;
  return {
    ...built,
    bake: ref.bake,
    attempt: ref.attempt,
    reusedFrom: image.reusedFrom ?? retained,
    ...(isJudged ? { verdict } : {}),
  };
}

async function writeReusedArtifact(deps: ReuseImagesDeps, ref: BakeRef, row: ArtifactRecord): Promise<void> {
  const key = keys.artifact(ref.bake, row.variant);
  const before = await readRecord(deps.table, key, ArtifactRecordSchema);
  // An earlier call of the same attempt: what has become of the image since stays.
  if (before?.attempt === ref.attempt && before.reusedFrom !== undefined) return;
  const when = before === undefined ? { exists: false } : { equals: { attempt: before.attempt } };
  await tryWrite(deps.table, [{ put: { ...key, ...row }, when }]);
}

async function recordSkippedStep(
  deps: ReuseImagesDeps,
  ref: BakeRef,
  name: StepRecord['name'],
  summary: string,
): Promise<void> {
  const at = deps.clock.now().toISOString();
  const step: StepRecord = {
    bake: ref.bake,
    attempt: ref.attempt,
    name,
    state: 'skipped',
    startedAt: at,
    endedAt: at,
    summary,
    links: {},
  };
  const key = keys.step(ref.bake, ref.attempt, name);
  await tryWrite(deps.table, [{ put: { ...key, ...step }, when: { exists: false } }]);
}

/**
 * For a retained image that is gone: the bake builds, and its image is tested and approved like any other. From then on nothing of the
 * fingerprint counts as retained.
 */
export async function switchToBuild(deps: ReuseImagesDeps, bake: BakeRecord): Promise<void> {
  const fingerprint = keys.fingerprint(bake.pipeline, bake.bits, bake.proof);
  await deps.table.write([
    {
      update: keys.bake(bake.id),
      set: { startsAt: 'Build' },
      remove: ['reusesBake'],
      when: { equals: { attempt: bake.attempt } },
    },
    { update: fingerprint, remove: ['retained', 'targets'], when: { equals: { bake: bake.id } } },
  ]);
}
