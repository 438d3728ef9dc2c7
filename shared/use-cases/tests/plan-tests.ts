/** One case for each variant and each instance type of the definition, with the names of the tests that run there. */
import type * as z from 'zod';
import type { BakeRef, TestPlanSchema } from '../../domain/bakes/payloads.ts';
import { listTestNames } from '../../domain/bakes/test-runs.ts';
import { beginStep, type StepDeps } from '../bakes/steps.ts';
import { readBakeAndRevision } from '../store/bakes.ts';

export type TestPlan = z.infer<typeof TestPlanSchema>;

export async function planTests(deps: StepDeps, ref: BakeRef): Promise<TestPlan> {
  await beginStep(deps, ref, 'Test');
  const { bake, revision } = await readBakeAndRevision(deps, ref.bake);
  const { variants, tests } = revision.definition;
  const suites = listTestNames(revision.definition, bake.lock);
  const cases = variants.flatMap((variant) =>
    tests.instanceTypes.map((instanceType) => ({
      bake: ref.bake,
      attempt: ref.attempt,
      variant: variant.name,
      instanceType,
      suites,
    })),
  );
  return { cases };
}
