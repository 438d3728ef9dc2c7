import type { BlockDeviceMapping } from '@aws-sdk/client-ec2';
import type { VolumeSpec } from '../ec2/api.ts';
import type { StoredImage as MachineImage } from '../ec2/records.ts';
import { AwsError, type World } from '../service.ts';
import { serviceRole } from './arns.ts';
import type { Context } from './context.ts';
import type { BuildPlan } from './plan.ts';
import type { OutputAmi, StoredImage } from './records.ts';

/** The failure of a build; its message becomes `state.reason`. */
export class BuildFailed extends Error {
  constructor(reason: string) {
    super(reason.slice(0, 1024)); // [M:ImageState.reason]
    this.name = 'BuildFailed';
  }
}

/** Tags that Image Builder puts on what it makes; the recipe and the configuration add theirs. */
const toImageBuilderTags = (image: StoredImage): Record<string, string> => ({
  CreatedBy: 'EC2 Image Builder',
  Ec2ImageBuilderArn: image.arn,
});

/** Launches a build or test instance with the profile and tags of the infrastructure configuration. */
export const launch = async (
  context: Context,
  image: StoredImage,
  plan: BuildPlan,
  purpose: 'Build' | 'Test',
  imageId: string,
): Promise<string> => {
  const { infrastructure } = plan;
  // Volumes of a test instance are as the image has them.
  const mappings = purpose === 'Build' ? await toMappings(context, image, plan) : [];
  const { ec2 } = context;
  const architecture = ec2.findImage(imageId, image.account, image.region)?.architecture;
  // Without types Image Builder chooses one; the documentation does not say which.
  const fallback = architecture === 'arm64' ? 'm6g.large' : 'm5.large';
  const instance = await launchFirst(infrastructure.instanceTypes ?? [fallback], (instanceType) =>
    ec2.launchFor({
      account: image.account,
      region: image.region,
      principalArn: serviceRole(image.account),
      imageId,
      instanceType,
      tags: {
        Name: `${purpose} instance for ${image.name}`,
        ...infrastructure.resourceTags,
        ...toImageBuilderTags(image),
      },
      instanceProfileArn: `arn:aws:iam::${image.account}:instance-profile/${infrastructure.instanceProfileName}`,
      subnetId: infrastructure.subnetId,
      securityGroupIds: infrastructure.securityGroupIds,
      mappings,
    }),
  );
  image.instances.add(instance.id);
  return instance.id;
};

/** The first type of which there is capacity [M:imagebuilder CreateInfrastructureConfigurationRequest.instanceTypes]. */
const launchFirst = async <Instance>(
  [type, ...others]: readonly string[],
  launchOn: (instanceType: string) => Promise<Instance>,
): Promise<Instance> => {
  try {
    return await launchOn(type ?? '');
  } catch (error) {
    const isShort = error instanceof AwsError && error.code === 'InsufficientInstanceCapacity';
    if (!isShort || others.length === 0) throw error;
    return await launchFirst(others, launchOn);
  }
};

export const terminate = ({ ec2 }: Context, image: StoredImage, instanceId: string): void => {
  if (image.instances.delete(instanceId)) ec2.terminateFor(instanceId, image.account, image.region);
};

/** Creates the AMI of a build, in state `pending`. Encryption in the build Region comes from the recipe (docs/aws/image-builder.md#what-a-build-leaves). */
export const createAmi = (
  context: Context,
  image: StoredImage,
  plan: BuildPlan,
  parent: MachineImage,
  sourceInstanceId: string,
): OutputAmi => {
  const { account, region } = image;
  const home = plan.distributions.find(
    (distribution) => distribution.region === region,
  )?.amiDistributionConfiguration;
  const name = amiName(context, home?.name ?? `${plan.recipe.name} {{ imagebuilder:buildDate }}`);
  const volumes = listVolumes(context, image, plan, parent, sourceInstanceId);
  const ami = context.ec2.createImageFor({
    account,
    region,
    name,
    description: home?.description,
    // Tags of a recipe are for the AMI [M:imagebuilder CreateImageRecipeRequest.amiTags]; nothing says that its snapshots get them.
    tags: { ...plan.recipe.amiTags, ...home?.amiTags, ...toImageBuilderTags(image) },
    snapshotTags: toImageBuilderTags(image),
    parentImageId: plan.parentImageId,
    volumes,
    inventory: image.inventory,
    hasAgent: keepsAgent(plan, parent),
    architecture: parent.architecture,
    sourceInstanceId,
  });
  return { region, image: ami.id, name, description: home?.description, accountId: account };
};

/**
 * Image Builder installs the agent where the parent lacks it, and removes what it installed unless the recipe says `false`; `true` removes
 * the parent's too [M:imagebuilder SystemsManagerAgent.uninstallAfterBuild].
 */
const keepsAgent = ({ recipe }: BuildPlan, parent: MachineImage): boolean => {
  const uninstall = recipe.additionalInstanceConfiguration?.systemsManagerAgent?.uninstallAfterBuild;
  return uninstall === undefined ? parent.hasAgent : !uninstall;
};

/** Copies the AMI to the Regions of the distribution configuration and returns the copies. */
export const distribute = async (
  context: Context,
  image: StoredImage,
  plan: BuildPlan,
  source: OutputAmi,
): Promise<OutputAmi[]> => {
  const copies: OutputAmi[] = [];
  for (const { region, amiDistributionConfiguration: settings } of plan.distributions) {
    if (region === image.region) continue;
    const name = amiName(context, settings?.name ?? `${plan.recipe.name} {{ imagebuilder:buildDate }}`);
    const copy = await context.ec2.copyImageFor({
      account: image.account,
      region,
      principalArn: serviceRole(image.account),
      name,
      description: settings?.description,
      sourceImageId: source.image,
      sourceRegion: image.region,
      kmsKeyId: settings?.kmsKeyId,
      tags: { ...settings?.amiTags, ...toImageBuilderTags(image) },
    });
    copies.push({
      region,
      image: copy.id,
      name,
      description: settings?.description,
      accountId: image.account,
    });
  }
  return copies;
};

export const share = ({ ec2 }: Context, plan: BuildPlan, amis: readonly OutputAmi[]): void => {
  for (const { region, amiDistributionConfiguration: settings } of plan.distributions) {
    const accounts = settings?.launchPermission?.userIds ?? [];
    const ami = amis.find((output) => output.region === region);
    if (accounts.length > 0 && ami !== undefined) ec2.shareImage(ami.image, region, accounts);
  }
};

/** The mappings of the recipe as RunInstances takes them; a key has to be there when the build begins. */
const toMappings = async (
  { world }: Context,
  image: StoredImage,
  plan: BuildPlan,
): Promise<BlockDeviceMapping[]> =>
  Promise.all(
    plan.recipe.blockDeviceMappings.map(async ({ deviceName, ebs, noDevice }) => {
      if (ebs === undefined) return { DeviceName: deviceName, NoDevice: noDevice };
      const { kmsKeyId } = ebs;
      if (kmsKeyId !== undefined) {
        const access = await world.kmsAccess({
          key: kmsKeyId,
          account: image.account,
          region: image.region,
          principalArn: serviceRole(image.account),
          operations: [],
        });
        if (!access.exists || !access.enabled)
          throw new BuildFailed(
            `The KMS key '${kmsKeyId}' does not exist in ${image.region}, or is not enabled.`,
          );
      }
      return {
        DeviceName: deviceName,
        Ebs: { Encrypted: ebs.encrypted, KmsKeyId: kmsKeyId, VolumeSize: ebs.volumeSize },
      };
    }),
  );

/** An instance that may not use a key of its volumes ends by itself, as any other does. */
export const checkInstance = ({ ec2 }: Context, image: StoredImage, instanceId: string): void => {
  const instance = ec2.findInstance(instanceId, image.account, image.region);
  if (instance?.state !== 'terminated' && instance?.state !== 'shutting-down') return;
  throw new BuildFailed(
    `The instance ${instanceId} ended by itself: ${instance.stateReason?.message ?? instance.state}`,
  );
};

/** Volumes as the build instance has them; one may not be smaller than its snapshot. */
const listVolumes = (
  { ec2 }: Context,
  image: StoredImage,
  plan: BuildPlan,
  parent: MachineImage,
  instanceId: string,
): VolumeSpec[] => {
  for (const { deviceName = parent.rootDeviceName, ebs } of plan.recipe.blockDeviceMappings) {
    const below = parent.devices.find((device) => device.deviceName === deviceName);
    const size = ebs?.volumeSize;
    if (below !== undefined && size !== undefined && size < below.sizeGiB)
      throw new BuildFailed(
        `Volume of size ${size}GB is smaller than snapshot, expect size>= ${below.sizeGiB}GB`,
      );
  }
  const instance = ec2.findInstance(instanceId, image.account, image.region);
  return (instance?.volumes ?? []).map(({ deviceName, sizeGiB, kmsKeyArn, awsManagedKey }) => ({
    deviceName,
    sizeGiB,
    kmsKeyArn,
    awsManagedKey,
  }));
};

const amiName = ({ world }: Context, template: string): string =>
  template.replace(/\{\{ ?imagebuilder:buildDate ?\}\}/g, () => {
    // In scaled time two builds may end in the same millisecond; their AMIs still need different names.
    const stamp = Math.max(world.clock.now().getTime(), (lastBuildDates.get(world) ?? 0) + 1);
    lastBuildDates.set(world, stamp);
    return new Date(stamp).toISOString().replaceAll(':', '-');
  });

const lastBuildDates = new WeakMap<World, number>();
