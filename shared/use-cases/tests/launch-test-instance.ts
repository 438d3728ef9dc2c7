/** Launches the instance of one test case. The row is written first, so that every instance that runs has a row. */
import type * as z from 'zod';
import type { LaunchedSchema, LaunchInputSchema } from '../../domain/bakes/payloads.ts';
import { describeShortage, findPause, moveOn, type Shortage } from '../../domain/bakes/placing.ts';
import { canonical } from '../../domain/base/canonical.ts';
import { TestsFailed } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { ArtifactRecordSchema } from '../../domain/records/bakes.ts';
import type { Placing } from '../../domain/records/placing.ts';
import { type TestRecord, TestRecordSchema } from '../../domain/records/tests.ts';
import type { Digest } from '../../ports/ids.ts';
import type { LaunchRequest, TestInstances } from '../../ports/test-instances.ts';
import { bakeTags } from '../bakes/start-build.ts';
import { noteStep, type StepDeps } from '../bakes/steps.ts';
import { readBakeAndRevision, readOpenAttempt } from '../store/bakes.ts';
import { tryWrite } from '../store/try-write.ts';

export interface LaunchTestInstanceDeps extends StepDeps {
  readonly instances: Pick<TestInstances, 'launch'>;
  readonly digest: Digest;
}

type LaunchInput = z.output<typeof LaunchInputSchema>;

export async function launchTestInstance(
  deps: LaunchTestInstanceDeps,
  input: LaunchInput,
): Promise<z.infer<typeof LaunchedSchema>> {
  await readOpenAttempt(deps, input);
  const { bake, attempt, variant, instanceType } = input;
  const image = ArtifactRecordSchema.parse(await deps.table.get(keys.artifact(bake, variant)));
  if (image.artifact === undefined) {
    throw new TestsFailed(
      `There is no image of the variant ${variant} to test; the build did not record one.`,
    );
  }
  const key = keys.test(bake, attempt, variant, instanceType);
  const test: TestRecord = {
    bake,
    attempt,
    variant,
    instanceType,
    terminated: false,
    results: [],
    commands: {},
  };
  await tryWrite(deps.table, [{ put: { ...key, ...test }, when: { exists: false } }]);

  const { bake: record, revision } = await readBakeAndRevision(deps, bake);
  const { tests } = revision.definition;
  const tags = {
    ...tests.instanceTags,
    ...bakeTags(input, record, variant),
    Name: `ovenbird-test-${bake}-${variant}`,
  };
  const request = {
    imageId: image.artifact.imageId,
    instanceTypes: [instanceType, ...tests.fallbackInstanceTypes.filter((type) => type !== instanceType)],
    placement: tests.placement,
    hopLimit: tests.metadata.hopLimit,
    tags,
  };
  return await placeInstance(deps, input, request);
}

/**
 * Tries one placement after the other. Each has a token of its own, and which one comes next is written before it is tried, so that a repeat finds
 * what was launched.
 */
async function placeInstance(
  deps: LaunchTestInstanceDeps,
  input: LaunchInput,
  request: Omit<LaunchRequest, 'clientToken' | 'placing'>,
): Promise<z.infer<typeof LaunchedSchema>> {
  const { bake, attempt, variant, instanceType } = input;
  const key = keys.test(bake, attempt, variant, instanceType);
  for (let placing = await recordLost(deps, input); ; ) {
    const pause = findPause(placing, [bake, attempt, variant, instanceType].join('/'), deps.clock.now());
    if (pause !== undefined) return { pause };
    const index = placing?.index ?? 0;
    // 64 characters at most (ec2 RunInstancesRequest.ClientToken).
    const clientToken = deps.digest(canonical(['test', bake, attempt, variant, instanceType, index]));
    const answer = await deps.instances.launch({ ...request, clientToken, placing: index });
    const { placements } = answer;
    if ('instance' in answer) {
      const { instance } = answer;
      await deps.table.write([{ update: key, set: { instance, placements } }]);
      return { instance };
    }
    placing = await recordShortage(deps, input, { placing, placements, shortage: answer.shortage });
  }
}

/** Counts an instance that ended for want of room, once. */
async function recordLost(deps: LaunchTestInstanceDeps, input: LaunchInput): Promise<Placing | undefined> {
  const { bake, attempt, variant, instanceType, lost } = input;
  const row = await deps.table.get(keys.test(bake, attempt, variant, instanceType));
  const { instance, placing, placements = 1 } = TestRecordSchema.parse(row);
  if (lost === undefined || instance !== lost.instance || placing?.lost === lost.instance) return placing;
  const shortage = { reason: lost.reason, isLasting: false };
  return await recordShortage(deps, input, { placing, placements, shortage });
}

async function recordShortage(
  deps: LaunchTestInstanceDeps,
  input: LaunchInput,
  found: { placing: Placing | undefined; placements: number; shortage: Shortage },
): Promise<Placing> {
  const { bake, attempt, variant, instanceType, lost } = input;
  const { placements, shortage } = found;
  const moved = moveOn(found.placing, shortage, { placements, now: deps.clock.now() });
  const placing = { ...moved, ...(lost === undefined ? {} : { lost: lost.instance }) };
  await deps.table.write([
    {
      update: keys.test(bake, attempt, variant, instanceType),
      set: { placing, placed: placing.index },
      when: { equals: { placed: found.placing?.index ?? null } },
    },
  ]);
  await noteStep(deps, input, 'Test', describeShortage(`a test instance of ${variant}`, placing));
  return placing;
}
