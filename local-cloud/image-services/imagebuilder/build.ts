import { AwsError } from '../service.ts';
import { checkComponentAccess, collectInventory, waitForAgent } from './build-agent.ts';
import {
  BuildFailed,
  checkInstance,
  createAmi,
  distribute,
  launch,
  share,
  terminate,
} from './build-resources.ts';
import type { Context } from './context.ts';
import { findEffect, inventoryAfter } from './inventory.ts';
import type { BuildPlan } from './plan.ts';
import type { ImageStatus, OutputAmi, StoredImage } from './records.ts';

/** Thrown into a build that is cancelled while it waits. */
class BuildCancelled extends Error {
  override readonly name = 'BuildCancelled';
}

// Transitions that EventBridge sees; PENDING and CREATING are not among them [D:imagebuilder/userguide/integ-eventbridge].
const visible: ReadonlySet<ImageStatus> = new Set([
  'BUILDING',
  'TESTING',
  'DISTRIBUTING',
  'INTEGRATING',
  'AVAILABLE',
  'CANCELLED',
  'FAILED',
]);

export const finished: ReadonlySet<ImageStatus> = new Set([
  'AVAILABLE',
  'CANCELLED',
  'FAILED',
  'DEPRECATED',
  'DELETED',
  'DISABLED',
]);

/**
 * Takes an image from PENDING to AVAILABLE or FAILED on the scaled clock (docs/aws/image-builder.md#image-states): the build instance runs the build components,
 * the AMI is made of it, a second instance of that AMI runs the test components, then it is distributed.
 */
export const runBuild = async (context: Context, image: StoredImage, plan: BuildPlan): Promise<void> => {
  try {
    await runPhases(context, image, plan);
  } catch (error) {
    if (error instanceof BuildCancelled) return;
    failBuild(context, image, plan, error);
  } finally {
    image.interrupt = undefined;
  }
};

/** Cancels a running build. Its AMIs and snapshots stay (docs/aws/image-builder.md#failed-and-cancelled-builds). */
export const cancelBuild = (context: Context, image: StoredImage): void => {
  image.cancelled = true;
  image.interrupt?.();
  context.world.clock.after(
    context.world.timings.buildCancel,
    () => {
      for (const instance of image.instances) terminate(context, image, instance);
      enterState(context, image, 'CANCELLED');
    },
    `cancel ${image.arn}`,
  );
};

const runPhases = async (context: Context, image: StoredImage, plan: BuildPlan): Promise<void> => {
  const { world, ec2 } = context;
  const { timings } = world;
  const pause = (seconds: number): Promise<void> => wait(context, image, seconds);
  const proceed = (status: ImageStatus): void => {
    if (image.cancelled) throw new BuildCancelled('cancelled');
    enterState(context, image, status);
  };

  await pause(timings.buildPending);
  proceed('CREATING');
  const parent = ec2.findImage(plan.parentImageId, image.account, image.region);
  if (parent === undefined || parent.state !== 'available') {
    throw new BuildFailed(
      `The parent image '${plan.parentImageId}' is not available to account ${image.account}.`,
    );
  }
  const buildInstance = await launch(context, image, plan, 'Build', parent.id);
  await pause(timings.buildCreate);
  checkInstance(context, image, buildInstance);

  proceed('BUILDING');
  await waitForAgent(context, image, buildInstance);
  await pause(timings.build);
  await checkComponentAccess(context, image, plan, buildInstance);
  runComponents(context, image, plan, 'BUILD');
  image.inventory = inventoryAfter(
    parent.inventory,
    plan.components.map((component) => findEffect(world.behaviour, component)),
  );
  if (image.metadata) await collectInventory(context, image, buildInstance, pause);
  const ami = createAmi(context, image, plan, parent, buildInstance);
  await untilAvailable(context, image, ami);
  terminate(context, image, buildInstance);

  if (plan.tests) {
    proceed('TESTING');
    const testInstance = await launch(context, image, plan, 'Test', ami.image);
    await pause(timings.test);
    checkInstance(context, image, testInstance);
    runComponents(context, image, plan, 'TEST');
    terminate(context, image, testInstance);
  }

  proceed('DISTRIBUTING');
  image.amis = [ami];
  const copies = await distribute(context, image, plan, ami);
  await pause(timings.distribute);
  for (const copy of copies) await untilAvailable(context, image, copy);
  image.amis = [ami, ...copies];
  share(context, plan, image.amis);

  proceed('INTEGRATING');
  await pause(timings.integrate);
  proceed('AVAILABLE');
};

/** Executes nothing. A component fails if declared so; the build fails if `fail-build` declared it. */
const runComponents = (
  { world }: Context,
  image: StoredImage,
  plan: BuildPlan,
  type: 'BUILD' | 'TEST',
): void => {
  if (type === 'BUILD') {
    const failure = world.behaviour.buildFailures.take(
      ({ recipeName }) =>
        recipeName === undefined || image.name === recipeName || image.name.startsWith(`${recipeName}-`),
    );
    if (failure !== undefined) throw new BuildFailed(failure.reason);
  }
  for (const component of plan.components.filter((entry) => entry.type === type)) {
    const reason = findEffect(world.behaviour, component)?.failsBuild;
    if (reason === undefined) continue;
    const phaseName = type === 'BUILD' ? 'build' : 'test';
    throw new BuildFailed(`Component '${component.arn}' failed in phase ${phaseName}: ${reason}`);
  }
};

const untilAvailable = async (context: Context, image: StoredImage, ami: OutputAmi): Promise<void> => {
  const { world, ec2 } = context;
  const { buildPoll, buildImageWait } = world.timings;
  for (let waited = 0; waited <= buildImageWait; waited += buildPoll) {
    const machine = ec2.imageById(ami.image, ami.region);
    if (machine?.state === 'available') return;
    if (machine?.state !== 'pending') {
      const why = machine?.stateReason?.message ?? machine?.state ?? 'gone';
      throw new BuildFailed(`AMI ${ami.image} in ${ami.region} did not become available: ${why}.`);
    }
    await wait(context, image, buildPoll);
  }
  throw new BuildFailed(
    `AMI ${ami.image} in ${ami.region} was still pending after ${buildImageWait} seconds.`,
  );
};

const failBuild = (context: Context, image: StoredImage, plan: BuildPlan, error: unknown): void => {
  const reason = error instanceof Error ? error.message : String(error);
  if (!(error instanceof BuildFailed) && !(error instanceof AwsError)) {
    console.error(`image services: the build of ${image.arn} broke`, error);
  }
  if (plan.infrastructure.terminateInstanceOnFailure) {
    for (const instance of image.instances) terminate(context, image, instance);
  }
  enterState(context, image, 'FAILED', reason);
};

const enterState = ({ world }: Context, image: StoredImage, status: ImageStatus, reason?: string): void => {
  const previous = image.status;
  image.status = status;
  image.reason = reason;
  if (!visible.has(status)) return;
  world.emit({
    account: image.account,
    region: image.region,
    source: 'aws.imagebuilder',
    detailType: 'EC2 Image Builder Image State Change',
    resources: [image.arn],
    detail: {
      'previous-state': { status: previous },
      state: { status, ...(reason === undefined ? {} : { reason }) },
    },
  });
};

const wait = ({ world }: Context, image: StoredImage, seconds: number): Promise<void> =>
  new Promise((resolve, reject) => {
    if (image.cancelled) return reject(new BuildCancelled('cancelled'));
    const timer = world.clock.after(seconds, resolve, `build ${image.arn}`);
    image.interrupt = () => {
      timer.cancel();
      reject(new BuildCancelled('cancelled'));
    };
  });
