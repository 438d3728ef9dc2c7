import type { VolumeSpec } from '../ec2/api.ts';
import type { StoredImage as MachineImage } from '../ec2/records.ts';
import type { World } from '../service.ts';
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
  { ec2 }: Context,
  image: StoredImage,
  plan: BuildPlan,
  purpose: 'Build' | 'Test',
  imageId: string,
): Promise<string> => {
  const { infrastructure } = plan;
  const architecture = ec2.findImage(imageId, image.account, image.region)?.architecture;
  const instance = await ec2.launchFor({
    account: image.account,
    region: image.region,
    principalArn: serviceRole(image.account),
    imageId,
    // Without types Image Builder chooses one; the documentation does not say which.
    instanceType: infrastructure.instanceTypes?.[0] ?? (architecture === 'arm64' ? 'm6g.large' : 'm5.large'),
    tags: {
      Name: `${purpose} instance for ${image.name}`,
      ...infrastructure.resourceTags,
      ...toImageBuilderTags(image),
    },
    instanceProfileArn: `arn:aws:iam::${image.account}:instance-profile/${infrastructure.instanceProfileName}`,
    subnetId: infrastructure.subnetId,
    securityGroupIds: infrastructure.securityGroupIds,
  });
  image.instances.add(instance.id);
  return instance.id;
};

export const terminate = ({ ec2 }: Context, image: StoredImage, instanceId: string): void => {
  if (image.instances.delete(instanceId)) ec2.terminateFor(instanceId, image.account, image.region);
};

/** Creates the AMI of a build, in state `pending`. Encryption in the build Region comes from the recipe (docs/aws/image-builder.md#what-a-build-leaves). */
export const createAmi = async (
  context: Context,
  image: StoredImage,
  plan: BuildPlan,
  parent: MachineImage,
  sourceInstanceId: string,
): Promise<OutputAmi> => {
  const { account, region } = image;
  const home = plan.distributions.find(
    (distribution) => distribution.region === region,
  )?.amiDistributionConfiguration;
  const name = amiName(context, home?.name ?? `${plan.recipe.name} {{ imagebuilder:buildDate }}`);
  const volumes = await planVolumes(context, image, plan, parent);
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
    architecture: parent.architecture,
    sourceInstanceId,
  });
  return { region, image: ami.id, name, description: home?.description, accountId: account };
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

/** The parent's volumes merged with the recipe's mappings; undefined when the recipe has none. */
const planVolumes = async (
  { world }: Context,
  image: StoredImage,
  plan: BuildPlan,
  parent: MachineImage,
): Promise<VolumeSpec[] | undefined> => {
  const { blockDeviceMappings } = plan.recipe;
  if (blockDeviceMappings.length === 0) return undefined;
  const volumes = new Map<string, VolumeSpec>(
    parent.devices.map(({ deviceName, sizeGiB, kmsKeyArn }) => [
      deviceName,
      { deviceName, sizeGiB, kmsKeyArn },
    ]),
  );
  for (const { deviceName = parent.rootDeviceName, ebs, noDevice } of blockDeviceMappings) {
    if (noDevice !== undefined) volumes.delete(deviceName);
    else if (ebs !== undefined) {
      const below = volumes.get(deviceName);
      const key = ebs.kmsKeyId ?? (ebs.encrypted === true ? 'alias/aws/ebs' : undefined);
      const sizeGiB = ebs.volumeSize ?? below?.sizeGiB ?? 8;
      if (below !== undefined && sizeGiB < below.sizeGiB) {
        throw new BuildFailed(
          `Volume of size ${sizeGiB}GB is smaller than snapshot, expect size>= ${below.sizeGiB}GB`,
        );
      }
      const kmsKeyArn = key === undefined ? below?.kmsKeyArn : await keyArn(key);
      volumes.set(deviceName, { deviceName, sizeGiB, kmsKeyArn });
    }
  }
  return [...volumes.values()];

  async function keyArn(key: string): Promise<string> {
    const access = await world.kmsAccess({
      key,
      account: image.account,
      region: image.region,
      principalArn: serviceRole(image.account),
      operations: [],
    });
    if (!access.exists || !access.enabled) {
      throw new BuildFailed(`The KMS key '${key}' does not exist in ${image.region}, or is not enabled.`);
    }
    return access.arn;
  }
};

const amiName = ({ world }: Context, template: string): string =>
  template.replace(/\{\{ ?imagebuilder:buildDate ?\}\}/g, () => {
    // In scaled time two builds may end in the same millisecond; their AMIs still need different names.
    const stamp = Math.max(world.clock.now().getTime(), (lastBuildDates.get(world) ?? 0) + 1);
    lastBuildDates.set(world, stamp);
    return new Date(stamp).toISOString().replaceAll(':', '-');
  });

const lastBuildDates = new WeakMap<World, number>();

const serviceRole = (account: string): string =>
  `arn:aws:iam::${account}:role/aws-service-role/imagebuilder.amazonaws.com/AWSServiceRoleForImageBuilder`;
