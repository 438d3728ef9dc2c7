/**
 * One case for each variant and each instance type of the definition, with the names of the tests that run there. The first case of a variant also
 * reads the packages, unless the inventory of a retained image is known.
 */
import type * as z from 'zod';
import type { BakeRef, TestPlanSchema } from '../../domain/bakes/payloads.ts';
import { listTestNames } from '../../domain/bakes/test-runs.ts';
import { keys } from '../../domain/base/naming.ts';
import { FIRST_RUN } from '../../domain/packages/inventory-pages.ts';
import { ArtifactRecordSchema } from '../../domain/records/bakes.ts';
import { beginStep, type StepDeps } from '../bakes/steps.ts';
import { readBakeAndRevision } from '../store/bakes.ts';
import { readMany } from '../store/read.ts';

export type TestPlan = z.infer<typeof TestPlanSchema>;

export async function planTests(deps: StepDeps, ref: BakeRef): Promise<TestPlan> {
  await beginStep(deps, ref, 'Test');
  const { bake, revision } = await readBakeAndRevision(deps, ref.bake);
  const { variants, tests } = revision.definition;
  const suites = listTestNames(revision.definition, bake.lock);
  const wanted = variants.map(({ name }) => keys.artifact(ref.bake, name));
  const images = await readMany(deps.table, wanted, ArtifactRecordSchema);
  const cases = variants.flatMap((variant, at) =>
    tests.instanceTypes.map((instanceType, index) => ({
      bake: ref.bake,
      attempt: ref.attempt,
      variant: variant.name,
      instanceType,
      suites,
      ...(index === 0 && images[at]?.inventory === undefined ? { inventory: FIRST_RUN } : {}),
    })),
  );
  return { cases };
}
