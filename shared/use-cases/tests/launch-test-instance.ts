/** Launches the instance of one test case. The row is written first, so that every instance that runs has a row. */
import type * as z from 'zod';
import type { LaunchedSchema, TestCaseSchema } from '../../domain/bakes/payloads.ts';
import { canonical } from '../../domain/base/canonical.ts';
import { TestsFailed } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { ArtifactRecordSchema } from '../../domain/records/bakes.ts';
import type { TestRecord } from '../../domain/records/tests.ts';
import type { Digest } from '../../ports/ids.ts';
import { WriteConflict } from '../../ports/table.ts';
import type { TestInstances } from '../../ports/test-instances.ts';
import { bakeTags } from '../bakes/start-build.ts';
import type { StepDeps } from '../bakes/steps.ts';
import { readBake, readOpenAttempt } from '../store/bakes.ts';

export interface LaunchTestInstanceDeps extends StepDeps {
  readonly instances: Pick<TestInstances, 'launch'>;
  readonly digest: Digest;
}

export async function launchTestInstance(
  deps: LaunchTestInstanceDeps,
  input: z.output<typeof TestCaseSchema>,
): Promise<z.infer<typeof LaunchedSchema>> {
  await readOpenAttempt(deps, input);
  const { bake, attempt, variant, instanceType } = input;
  const image = ArtifactRecordSchema.parse(await deps.table.get(keys.artifact(bake, variant)));
  if (image.artifact === undefined) {
    throw new TestsFailed(
      `There is no image of the variant ${variant} to test; the build did not record one.`,
    );
  }
  await recordTestCase(deps, {
    bake,
    attempt,
    variant,
    instanceType,
    terminated: false,
    results: [],
    commands: {},
  });

  // 64 characters at most (ec2 RunInstancesRequest.ClientToken).
  const clientToken = deps.digest(canonical(['test', bake, attempt, variant, instanceType]));
  const tags = {
    ...bakeTags(input, await readBake(deps, bake), variant),
    Name: `ovenbird-test-${bake}-${variant}`,
  };
  const { instance } = await deps.instances.launch({
    clientToken,
    imageId: image.artifact.imageId,
    instanceType,
    tags,
  });
  await deps.table.write([{ update: keys.test(bake, attempt, variant, instanceType), set: { instance } }]);
  return { instance };
}

async function recordTestCase(deps: LaunchTestInstanceDeps, record: TestRecord): Promise<void> {
  const key = keys.test(record.bake, record.attempt, record.variant, record.instanceType);
  try {
    await deps.table.write([{ put: { ...key, ...record }, when: { exists: false } }]);
  } catch (error) {
    if (!(error instanceof WriteConflict)) throw error;
  }
}
