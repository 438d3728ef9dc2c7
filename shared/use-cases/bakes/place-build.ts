/** Starts a build anew that ended for want of room: at the next placement, or after a pause when all of them were tried. */
import type * as z from 'zod';
import type { PlaceBuildInputSchema, PlacedBuildSchema } from '../../domain/bakes/payloads.ts';
import { describeShortage, findPause, moveOn } from '../../domain/bakes/placing.ts';
import { BuildFailed } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { type ArtifactRecord, ArtifactRecordSchema } from '../../domain/records/bakes.ts';
import type { Placing } from '../../domain/records/placing.ts';
import { readBakeAndRevision, readOpenAttempt } from '../store/bakes.ts';
import { type StartBuildDeps, startVariant } from './start-build.ts';
import { noteStep } from './steps.ts';

export async function placeBuild(
  deps: StartBuildDeps,
  input: z.output<typeof PlaceBuildInputSchema>,
): Promise<z.infer<typeof PlacedBuildSchema>> {
  await readOpenAttempt(deps, input);
  const { bake, attempt, variant, build } = input;
  const key = keys.artifact(bake, variant);
  const row = ArtifactRecordSchema.parse(await deps.table.get(key));
  // An earlier call has replaced it already.
  if (row.build !== build) return { build: row.build };
  const placing = row.placing?.lost === build ? row.placing : await recordShortage(deps, input, row);
  const pause = findPause(placing, [bake, attempt, variant].join('/'), deps.clock.now());
  if (pause !== undefined) return { build, pause };

  const read = await readBakeAndRevision(deps, bake);
  const named = read.revision.definition.variants.find(({ name }) => name === variant);
  if (named === undefined) throw new BuildFailed(`There is no variant ${variant} in the definition.`);
  const next = await startVariant(deps, input, { ...read, variant: named, placing: placing.index });
  const startedAt = deps.clock.now().toISOString();
  // What the ended build left is removed with the others of the attempt.
  const replaced = [...(row.replaced ?? []), build];
  await deps.table.write([
    { update: key, set: { ...next, startedAt, replaced }, when: { equals: { attempt, build } } },
  ]);
  return { build: next.build };
}

async function recordShortage(
  deps: StartBuildDeps,
  input: z.output<typeof PlaceBuildInputSchema>,
  row: ArtifactRecord,
): Promise<Placing> {
  const { bake, attempt, variant, build, shortage } = input;
  const placements = row.placements ?? 1;
  const found = { reason: shortage, isLasting: false };
  const moved = moveOn(row.placing, found, { placements, now: deps.clock.now() });
  const placing = { ...moved, lost: build };
  await deps.table.write([
    { update: keys.artifact(bake, variant), set: { placing }, when: { equals: { attempt, build } } },
  ]);
  await noteStep(deps, input, 'Build', describeShortage(`the build of ${variant}`, placing));
  return placing;
}
