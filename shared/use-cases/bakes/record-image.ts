/** Records what a build made: the image with its snapshots, and a digest that names it from here on. */

import type * as z from 'zod';
import { findArtifactId } from '../../domain/artifacts/artifacts.ts';
import type { BakeRef, RecordImageInputSchema } from '../../domain/bakes/payloads.ts';
import { canonical } from '../../domain/base/canonical.ts';
import { TryLater } from '../../domain/base/errors.ts';
import { keys, TAGS } from '../../domain/base/naming.ts';
import { ArtifactRecordSchema } from '../../domain/records/bakes.ts';
import type { Engines } from '../../ports/build-engine.ts';
import type { ControlLocations } from '../../ports/locations.ts';
import type { Ports } from '../../ports/ports.ts';
import { readBakeAndRevision, readOpenAttempt } from '../store/bakes.ts';
import { bakeTags } from './start-build.ts';
import { endStep, type StepDeps } from './steps.ts';

export interface RecordImageDeps extends StepDeps, Pick<Ports, 'digest'> {
  readonly engines: Engines<'status'>;
  readonly locations: ControlLocations<'describe' | 'tag'>;
}

export async function recordImage(
  deps: RecordImageDeps,
  input: z.output<typeof RecordImageInputSchema>,
): Promise<BakeRef> {
  // 1. What the engine says now: the event that led here was a hint.
  await readOpenAttempt(deps, input);
  const { bake, revision } = await readBakeAndRevision(deps, input.bake);
  const row = ArtifactRecordSchema.parse(await deps.table.get(keys.artifact(input.bake, input.variant)));
  const engine = deps.engines[row.engine]();
  const status = await engine.status(input.build);
  if (status.state !== 'available') {
    throw new TryLater(`The build ${input.build} is ${status.state}, not yet available.`);
  }
  const id = findArtifactId(status.artifact);
  const store = deps.locations.openControl(status.artifact.region).artifacts[status.artifact.kind];
  const facts = await store.describe(id);
  if (facts === undefined) throw new TryLater(`The image ${id} is not visible yet.`);
  const { artifact } = facts;

  // 2. Tags, on the image and all its snapshots: clean-up finds them by these.
  const lineage = `${bake.pipeline}/${bake.bits.slice(0, 16)}`;
  const tags = {
    ...revision.definition.distribution.tags,
    ...bakeTags(input, bake, input.variant),
    [TAGS.lineage]: lineage,
  };
  await store.tag(artifact, tags);

  // 3. The row, and the end of the step with the last variant.
  const finishedAt = deps.clock.now();
  const durationSeconds = Math.max(0, (finishedAt.getTime() - (await readBuildStart(deps, input))) / 1000);
  await deps.table.write([
    {
      update: keys.artifact(input.bake, input.variant),
      set: {
        artifact,
        durationSeconds,
        digest: deps.digest(canonical({ variant: input.variant, artifact, lineage })),
        log: status.log,
      },
      when: { equals: { attempt: input.attempt, build: input.build } },
    },
  ]);
  await endStepWithLastVariant(
    deps,
    input,
    revision.definition.variants.map((entry) => entry.name),
  );
  return { bake: input.bake, attempt: input.attempt };
}

async function readBuildStart(deps: RecordImageDeps, ref: BakeRef): Promise<number> {
  const step = await deps.table.get(keys.step(ref.bake, ref.attempt, 'Build'));
  return typeof step?.startedAt === 'string' ? Date.parse(step.startedAt) : deps.clock.now().getTime();
}

async function endStepWithLastVariant(
  deps: RecordImageDeps,
  ref: BakeRef,
  variants: readonly string[],
): Promise<void> {
  const items = await deps.table.getMany(variants.map((variant) => keys.artifact(ref.bake, variant)));
  const images = items.map((item) => ArtifactRecordSchema.parse(item));
  const done = images.every((image) => image.attempt === ref.attempt && image.artifact !== undefined);
  if (!done) return;
  const links = Object.fromEntries(
    images.flatMap((image) => (image.log === undefined ? [] : [[`log ${image.variant}`, image.log]])),
  );
  const summary = images
    .map(({ artifact, variant }) => `${artifact === undefined ? '' : findArtifactId(artifact)} (${variant})`)
    .join(', ');
  await endStep(deps, ref, 'Build', { state: 'succeeded', summary: `Built ${summary}`, links });
}
