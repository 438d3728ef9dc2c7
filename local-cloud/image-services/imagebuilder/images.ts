import * as z from 'zod';
import type { Call, Shape } from '../service.ts';
import { formatArn, parseArn } from './arns.ts';
import { cancelBuild, finished, runBuild } from './build.ts';
import { refuseUnsupported } from './configurations.ts';
import { type Context, formatDate, latestVersionReferences, type Operations, openHome } from './context.ts';
import { invalidRequest, invalidValue, notFound, notImplemented, quotaExceeded } from './errors.ts';
import { exactlyOne, read, tagsSchema, tokenSchema } from './input.ts';
import { findImage } from './parents.ts';
import { type BuildPlan, type BuildReferences, planBuild } from './plan.ts';
import { quotas } from './quotas.ts';
import { describeRecipe as recipeDocument } from './recipes.ts';
import type { RecipeRecord, StoredImage, Tags } from './records.ts';
import { nextBuild, once, type RegionState, takeBuild } from './store.ts';
import { compareBuilds, formatVersion } from './versions.ts';

/** Settings that CreateImage and a pipeline share. */
export const buildSettings = {
  imageRecipeArn: z.string().optional(),
  containerRecipeArn: z.string().optional(),
  distributionConfigurationArn: z.string().optional(),
  infrastructureConfigurationArn: z.string(),
  // `timeoutMinutes` is documented as ignored (docs/aws/image-builder.md#test-phase).
  imageTestsConfiguration: z
    .object({
      imageTestsEnabled: z.boolean().default(true),
      timeoutMinutes: z.int().min(60).max(1440).default(720),
    })
    .default({ imageTestsEnabled: true, timeoutMinutes: 720 }),
  enhancedImageMetadataEnabled: z.boolean().default(true),
  imageScanningConfiguration: z.looseObject({ imageScanningEnabled: z.boolean().optional() }).optional(),
  workflows: z.array(z.unknown()).optional(),
  executionRole: z.string().optional(),
  loggingConfiguration: z.object({ logGroupName: z.string().optional() }).optional(),
};
const settingsSchema = z.object(buildSettings);
type BuildSettings = z.infer<typeof settingsSchema>;

const createSchema = settingsSchema.extend({
  tags: tagsSchema.optional(),
  clientToken: tokenSchema.optional(),
});
const arnSchema = z.object({ imageBuildVersionArn: z.string() });
const cancelSchema = arnSchema.extend({ clientToken: tokenSchema.optional() });

export const imageOperations = (context: Context): Operations => ({
  CreateImage: async (input, call) => {
    const home = openHome(context, call);
    const output = await once(home, 'CreateImage', input, async () => {
      const { tags, clientToken: _token, ...settings } = read(createSchema, input);
      const image = await startBuild(context, call, checkBuild(settings), {
        tags: tags ?? {},
        buildType: 'USER_INITIATED',
      });
      context.store.linkedAccounts.add(call.account);
      return {
        imageBuildVersionArn: image.arn,
        latestVersionReferences: latestVersionReferences('image', call, image.slug, image.version),
      };
    });
    return { requestId: call.requestId, ...output };
  },

  GetImage: (input, call) => {
    const { imageBuildVersionArn: arn } = read(arnSchema, input);
    const image = findImage(context, call, arn, 'imageBuildVersionArn');
    if (image === undefined || context.world.effects.isHidden(image.arn)) throw notFound('Image', arn);
    return {
      requestId: call.requestId,
      image: describeImage(image),
      latestVersionReferences: latestVersionReferences(
        'image',
        { account: image.account, region: image.region },
        image.slug,
        image.version,
      ),
    };
  },

  // Asynchronous, and only while the build runs (docs/aws/image-builder.md#failed-and-cancelled-builds).
  CancelImageCreation: async (input, call) => {
    const home = openHome(context, call);
    const output = await once(home, 'CancelImageCreation', input, () => {
      const { imageBuildVersionArn: arn } = read(cancelSchema, input);
      const image = ownImage(context, call, arn);
      if (finished.has(image.status))
        throw invalidRequest(`The image '${arn}' is ${image.status} and cannot be cancelled.`);
      if (!image.cancelled) cancelBuild(context, image);
      return { imageBuildVersionArn: image.arn };
    });
    return { requestId: call.requestId, ...output };
  },

  // Removes the Image Builder record, never the AMI; a running build is refused (docs/aws/image-builder.md#image-states).
  DeleteImage: (input, call) => {
    const { imageBuildVersionArn: arn } = read(arnSchema, input);
    const home = openHome(context, call);
    const image = ownImage(context, call, arn);
    if (!finished.has(image.status))
      throw invalidRequest(`The image '${arn}' is ${image.status}: cancel it first.`);
    home.images = home.images.filter((entry) => entry !== image);
    return { requestId: call.requestId, imageBuildVersionArn: image.arn };
  },
});

/** Refuses builds that the service refuses, or that the local cloud does not implement. */
export const checkBuild = (settings: BuildSettings): BuildSettings & { imageRecipeArn: string } => {
  exactlyOne(settings, 'imageRecipeArn', 'containerRecipeArn');
  const { imageRecipeArn } = settings;
  if (imageRecipeArn === undefined) throw notImplemented('A container recipe');
  if ((settings.workflows ?? []).length > 0) throw notImplemented('A workflow of your own');
  if (settings.imageScanningConfiguration?.imageScanningEnabled === true)
    throw notImplemented('Image scanning');
  return { ...settings, imageRecipeArn };
};

/** Registers the image with its build number and starts the build. */
export const startBuild = async (
  context: Context,
  call: Call,
  settings: BuildSettings & { imageRecipeArn: string },
  start: { tags: Tags; buildType: 'USER_INITIATED' | 'SCHEDULED'; pipeline?: { arn: string; name: string } },
): Promise<StoredImage> => {
  const home = openHome(context, call);
  const running = home.images.filter((image) => !finished.has(image.status)).length;
  if (running >= quotas.concurrentBuilds) throw quotaExceeded('concurrent builds', quotas.concurrentBuilds);
  const plan = await planBuild(context, home, call, toReferences(settings));
  refuseUnsupported(plan.distributions);
  const { recipe } = plan;
  const build = takeBuild(home, imageKey(recipe));
  const arn = formatArn('image', call, recipe.slug, recipe.version, build);
  const image: StoredImage = {
    arn,
    name: recipe.name,
    slug: recipe.slug,
    account: call.account,
    region: call.region,
    version: recipe.version,
    build,
    platform: recipe.platform,
    buildType: start.buildType,
    imageSource: plan.amazonManaged ? 'AMAZON_MANAGED' : 'CUSTOM',
    dateCreated: formatDate(context.world.clock.now()),
    tags: start.tags,
    status: 'PENDING',
    recipeArn: recipe.arn,
    ...(start.pipeline === undefined ? {} : { pipelineArn: start.pipeline.arn }),
    metadata: settings.enhancedImageMetadataEnabled,
    document: {
      ...plan.documents,
      imageRecipe: resolvedRecipe(plan),
      imageTestsConfiguration: settings.imageTestsConfiguration,
      enhancedImageMetadataEnabled: settings.enhancedImageMetadataEnabled,
      executionRole: settings.executionRole,
      loggingConfiguration: settings.loggingConfiguration,
      sourcePipelineArn: start.pipeline?.arn,
      sourcePipelineName: start.pipeline?.name,
    },
    amis: [],
    inventory: [],
    instances: new Set(),
    cancelled: false,
  };
  home.images.push(image);
  home.images.sort(compareBuilds);
  context.world.effects.begin('build', image.arn);
  void runBuild(context, image, plan);
  return image;
};

/** ARN of the next build of a recipe, for the permission check before it is created. */
export const nextImageArn = (home: RegionState, recipe: RecipeRecord): string =>
  formatArn('image', home, recipe.slug, recipe.version, nextBuild(home, imageKey(recipe)));

/** An image as GetImage returns it. */
export const describeImage = (image: StoredImage): Shape => ({ ...toCommonFields(image), ...image.document });

/** An image as ListImageBuildVersions returns it. */
export const summarizeImage = (image: StoredImage): Shape => ({
  ...toCommonFields(image),
  owner: image.arn.split(':')[4],
});

const toCommonFields = (image: StoredImage): Shape => ({
  arn: image.arn,
  type: 'AMI',
  name: image.name,
  // With its build number, unlike the version of a component or recipe.
  version: `${formatVersion(image.version)}/${image.build}`,
  platform: image.platform,
  // `state.failureContext` is newer than the SDK's schema and cannot be sent (docs/aws/image-builder.md#what-the-sdk-does-not-know-yet).
  state: { status: image.status, ...(image.reason === undefined ? {} : { reason: image.reason }) },
  dateCreated: image.dateCreated,
  tags: image.tags,
  buildType: image.buildType,
  imageSource: image.imageSource,
  deprecationTime: image.deprecationTime,
  outputResources: {
    amis: image.amis.map((ami) => ({ ...ami, state: { status: 'AVAILABLE' } })),
  },
});

/** The caller's own image, by its full build version ARN. */
export const ownImage = (context: Context, call: Call, arn: string): StoredImage => {
  const name = parseArn(arn, 'imageBuildVersionArn', ['image']);
  if (name.build === undefined)
    throw invalidValue('imageBuildVersionArn', 'Give the full build version ARN.');
  const image =
    name.owner === call.account ? findImage(context, call, arn, 'imageBuildVersionArn') : undefined;
  if (image === undefined || context.world.effects.isHidden(image.arn)) throw notFound('Image', arn);
  return image;
};

const imageKey = ({ slug, version }: RecipeRecord): string => `image/${slug}/${formatVersion(version)}`;

const toReferences = (settings: BuildSettings & { imageRecipeArn: string }): BuildReferences => ({
  imageRecipeArn: settings.imageRecipeArn,
  infrastructureConfigurationArn: settings.infrastructureConfigurationArn,
  distributionConfigurationArn: settings.distributionConfigurationArn,
  tests: settings.imageTestsConfiguration.imageTestsEnabled,
});

// A finished build shows build versions where the recipe has wildcards [D:imagebuilder/userguide/integ-sns], docs/aws/image-builder.md#start-conditions.
const resolvedRecipe = ({ recipe, components, parentImage }: BuildPlan): Shape => ({
  ...recipeDocument(recipe),
  parentImage,
  components: recipe.components.map((use, index) => ({
    ...use,
    componentArn: components[index]?.arn ?? use.componentArn,
  })),
});
