/** Records the verdict of all test cases as a tag on the images and in their rows, and ends the step. The gate `tests` reads it there. */
import type * as z from 'zod';
import type { BakeRef, VerdictSchema } from '../../domain/bakes/payloads.ts';
import { listTestFailures, listTestNames } from '../../domain/bakes/test-runs.ts';
import { keys, TAGS } from '../../domain/base/naming.ts';
import { ArtifactRecordSchema } from '../../domain/records/bakes.ts';
import { type TestRecord, TestRecordSchema } from '../../domain/records/tests.ts';
import type { ControlLocations } from '../../ports/locations.ts';
import { endStep, type StepDeps } from '../bakes/steps.ts';
import { readBakeAndRevision, readOpenAttempt } from '../store/bakes.ts';

export interface RecordVerdictDeps extends StepDeps {
  readonly locations: ControlLocations<'tag'>;
}

export async function recordVerdict(
  deps: RecordVerdictDeps,
  ref: BakeRef,
): Promise<z.infer<typeof VerdictSchema>> {
  await readOpenAttempt(deps, ref);
  const { bake, revision } = await readBakeAndRevision(deps, ref.bake);
  const { variants, tests } = revision.definition;
  const names = listTestNames(revision.definition, bake.lock);

  const failures: string[] = [];
  let run = 0;
  for (const { name: variant } of variants) {
    const cases = await readTestCases(deps, ref, variant, tests.instanceTypes);
    const found = listTestFailures(cases, names);
    await writeVerdict(deps, ref, variant, found);
    failures.push(...found);
    run += cases.length;
  }

  const passed = failures.length === 0;
  const summary = passed
    ? `${names.length} suites passed on ${run} instances`
    : `${failures.length} of ${names.length * run} suites did not pass: ${failures[0]}`;
  await endStep(deps, ref, 'Test', { state: passed ? 'succeeded' : 'failed', summary });
  return { passed };
}

async function readTestCases(
  deps: RecordVerdictDeps,
  ref: BakeRef,
  variant: string,
  instanceTypes: readonly string[],
): Promise<TestRecord[]> {
  const items = await deps.table.getMany(
    instanceTypes.map((instanceType) => keys.test(ref.bake, ref.attempt, variant, instanceType)),
  );
  return items.map((item, index) =>
    TestRecordSchema.parse(
      item ?? {
        ...ref,
        variant,
        instanceType: instanceTypes[index],
        problem: 'the case left no record',
      },
    ),
  );
}

async function writeVerdict(
  deps: RecordVerdictDeps,
  ref: BakeRef,
  variant: string,
  testFailures: readonly string[],
): Promise<void> {
  const verdict = testFailures.length === 0 ? 'passed' : 'failed';
  const key = keys.artifact(ref.bake, variant);
  const image = ArtifactRecordSchema.parse(await deps.table.get(key));
  // A retained image is a release already: a new test that it fails refuses this bake, and the release stays what it is.
  if (image.artifact !== undefined && image.reusedFrom === undefined) {
    const { kind, region } = image.artifact;
    await deps.locations.openControl(region).artifacts[kind].tag(image.artifact, { [TAGS.verdict]: verdict });
  }
  await deps.table.write([
    { update: key, set: { verdict, testFailures }, when: { equals: { attempt: ref.attempt } } },
  ]);
}
