import * as z from 'zod';
import type { Call, Shape } from '../service.ts';
import { formatArn, parseArn, toSlug } from './arns.ts';
import { findComponent } from './components.ts';
import {
  type Context,
  formatDate,
  latestVersionReferences,
  type Operations,
  openByArn,
  openHome,
  resolve,
} from './context.ts';
import {
  alreadyExists,
  hasDependents,
  invalidCombination,
  invalidValue,
  notFound,
  quotaExceeded,
} from './errors.ts';
import { nameSchema, read, tagsSchema, textSchema, tokenSchema } from './input.ts';
import { findParent, toPlatform } from './parents.ts';
import { quotas } from './quotas.ts';
import type { ComponentUse, Platform, RecipeRecord } from './records.ts';
import { once, type RegionState } from './store.ts';
import {
  compareBuilds,
  formatVersion,
  isExact,
  nextVersion,
  parsePattern,
  type Version,
} from './versions.ts';

// [M:imagebuilder EbsInstanceBlockDeviceSpecification]
const ebsSchema = z.object({
  encrypted: z.boolean().optional(),
  deleteOnTermination: z.boolean().optional(),
  iops: z.int().min(100).max(64_000).optional(),
  kmsKeyId: textSchema.optional(),
  snapshotId: textSchema.optional(),
  volumeSize: z.int().min(1).max(16_000).optional(),
  volumeType: z.enum(['standard', 'io1', 'io2', 'gp2', 'gp3', 'sc1', 'st1']).optional(),
  throughput: z.int().min(125).max(1000).optional(),
});

const createSchema = z.object({
  name: nameSchema,
  description: textSchema.optional(),
  semanticVersion: z.string(),
  components: z
    .array(
      z.object({
        componentArn: z.string(),
        parameters: z.array(z.object({ name: z.string(), value: z.array(z.string().max(1024)) })).optional(),
      }),
    )
    .max(quotas.componentsPerRecipe, `A recipe has at most ${quotas.componentsPerRecipe} components.`)
    .optional(),
  parentImage: textSchema,
  blockDeviceMappings: z
    .array(
      z.object({
        deviceName: textSchema.optional(),
        ebs: ebsSchema.optional(),
        virtualName: textSchema.optional(),
        noDevice: z.string().optional(),
      }),
    )
    .optional(),
  tags: tagsSchema.optional(),
  workingDirectory: textSchema.optional(),
  additionalInstanceConfiguration: z
    .object({
      systemsManagerAgent: z.object({ uninstallAfterBuild: z.boolean().optional() }).optional(),
      // [M:imagebuilder UserDataOverride]: base64, at most 21847 characters.
      userDataOverride: z.string().min(1).max(21_847).optional(),
    })
    .optional(),
  amiTags: tagsSchema.optional(),
  clientToken: tokenSchema.optional(),
});

const arnSchema = z.object({ imageRecipeArn: z.string() });

export const recipeOperations = (context: Context): Operations => ({
  CreateImageRecipe: async (input, call) => {
    const home = openHome(context, call);
    const output = await once(home, 'CreateImageRecipe', input, () => create(context, home, call, input));
    return { requestId: call.requestId, ...output };
  },

  GetImageRecipe: (input, call) => {
    const { imageRecipeArn: arn } = read(arnSchema, input);
    const recipe = findRecipe(context, call, arn);
    if (recipe === undefined) throw notFound('ImageRecipe', arn);
    return {
      requestId: call.requestId,
      imageRecipe: describeRecipe(recipe),
      latestVersionReferences: latestVersionReferences('image-recipe', call, recipe.slug, recipe.version),
    };
  },

  DeleteImageRecipe: (input, call) => {
    const { imageRecipeArn: arn } = read(arnSchema, input);
    const home = openHome(context, call);
    const { version } = parseArn(arn, 'imageRecipeArn', ['image-recipe']);
    if (version === undefined || !isExact(version))
      throw invalidValue('imageRecipeArn', 'Give the full version ARN.');
    const recipe = findRecipe(context, call, arn);
    if (recipe === undefined) throw notFound('ImageRecipe', arn);
    const users = findUsers(home, recipe);
    if (users.length > 0) throw hasDependents(arn, users);
    home.recipes = home.recipes.filter((entry) => entry !== recipe);
    return { requestId: call.requestId, imageRecipeArn: recipe.arn };
  },
});

/** Resolves a recipe's version or wildcard ARN. */
export const findRecipe = (context: Context, call: Call, arn: string): RecipeRecord | undefined => {
  const name = parseArn(arn, 'imageRecipeArn', ['image-recipe']);
  return resolve(openByArn(context, call, name)?.recipes ?? [], name, () => true);
};

/** A recipe as GetImageRecipe returns it. */
export const describeRecipe = (recipe: RecipeRecord): Shape => ({
  arn: recipe.arn,
  type: 'AMI',
  name: recipe.name,
  description: recipe.description,
  platform: recipe.platform,
  owner: recipe.owner,
  version: formatVersion(recipe.version),
  components: recipe.components,
  parentImage: recipe.parentImage,
  blockDeviceMappings: recipe.blockDeviceMappings,
  dateCreated: recipe.dateCreated,
  tags: recipe.tags,
  workingDirectory: recipe.workingDirectory,
  additionalInstanceConfiguration: recipe.additionalInstanceConfiguration,
  amiTags: recipe.amiTags,
});

/** The version that a recipe would get, for the permission check before it is created. */
export const recipeVersion = (home: RegionState, name: string, semanticVersion: string): Version => {
  const existing = home.recipes
    .filter((recipe) => recipe.slug === toSlug(name))
    .map((recipe) => recipe.version);
  return nextVersion(parsePattern(semanticVersion), existing);
};

const create = async (context: Context, home: RegionState, call: Call, input: Shape): Promise<Shape> => {
  const request = read(createSchema, input);
  const parent = await findParent(context, call, request.parentImage);
  // "you must have access to the AMI, and the AMI must be in the source Region" [M:CreateImageRecipeRequest.parentImage]
  if (parent?.machine === undefined) {
    throw invalidValue(
      'parentImage',
      `The image '${request.parentImage}' does not exist here, or you have no access to it.`,
    );
  }
  const platform = toPlatform(parent.machine);
  checkComponents(context, call, request.components ?? [], platform);
  const slug = toSlug(request.name);
  // Immutable: name and version together are unique (docs/aws/image-builder.md#which-version-a-wildcard-means).
  const version = recipeVersion(home, request.name, request.semanticVersion);
  const arn = formatArn('image-recipe', call, slug, version);
  if (home.recipes.some((recipe) => recipe.arn === arn)) throw alreadyExists('ImageRecipe', arn);
  if (home.recipes.length >= quotas.recipes) throw quotaExceeded('image recipes', quotas.recipes);
  const recipe: RecipeRecord = {
    arn,
    name: request.name,
    slug,
    owner: call.account,
    version,
    build: 1,
    platform,
    description: request.description,
    components: request.components ?? [],
    parentImage: request.parentImage,
    blockDeviceMappings: request.blockDeviceMappings ?? [],
    workingDirectory: request.workingDirectory,
    additionalInstanceConfiguration: request.additionalInstanceConfiguration,
    amiTags: request.amiTags,
    dateCreated: formatDate(context.world.clock.now()),
    tags: request.tags ?? {},
  };
  home.recipes.push(recipe);
  home.recipes.sort(compareBuilds);
  return {
    imageRecipeArn: arn,
    latestVersionReferences: latestVersionReferences('image-recipe', call, slug, version),
  };
};

const checkComponents = (
  context: Context,
  call: Call,
  uses: readonly ComponentUse[],
  platform: Platform,
): void => {
  const seen = new Set<string>();
  for (const [index, use] of uses.entries()) {
    const parameter = `components[${index}].componentArn`;
    const name = parseArn(use.componentArn, parameter, ['component']);
    const component = findComponent(context, call, use.componentArn, parameter);
    if (component === undefined)
      throw invalidValue(parameter, `The component '${use.componentArn}' does not exist.`);
    // Deprecated and disabled components cannot be added, and none twice [M:CreateImageRecipeRequest.components].
    if (component.status !== 'ACTIVE') {
      throw invalidValue(parameter, `The component '${use.componentArn}' is ${component.status}.`);
    }
    const key = `${name.owner}/${name.slug}`;
    if (seen.has(key)) throw invalidValue(parameter, `The component '${name.slug}' is in the recipe twice.`);
    seen.add(key);
    if (component.platform !== platform) {
      throw invalidCombination(
        `Component '${name.slug}' is for ${component.platform}, the parent image is ${platform}.`,
      );
    }
    const defined = component.parameters.map((detail) => detail.name);
    const unknown = (use.parameters ?? [])
      .map((given) => given.name)
      .filter((given) => !defined.includes(given));
    if (unknown.length > 0) {
      throw invalidCombination(
        `The value supplied for parameter 'components[${index}].parameters' is not valid. The following parameters are not defined in the provided component: ${unknown.join(', ')}`,
      );
    }
    const missing = component.parameters
      .filter(
        ({ name: detail, defaultValue }) =>
          defaultValue === undefined && !(use.parameters ?? []).some((given) => given.name === detail),
      )
      .map((detail) => detail.name);
    const several = (use.parameters ?? []).filter(
      (given) =>
        given.value.length !== 1 &&
        component.parameters.some((detail) => detail.name === given.name && detail.type === 'string'),
    );
    if (missing.length > 0 || several.length > 0) {
      throw invalidCombination(
        `The value supplied for parameter 'components[${index}].parameters' is not valid. ${
          missing.length > 0
            ? `The following parameters have no default and are not given: ${missing.join(', ')}`
            : `The following parameters take one value: ${several.map((given) => given.name).join(', ')}`
        }`,
      );
    }
  }
};

const terminal = new Set(['AVAILABLE', 'FAILED', 'CANCELLED', 'DEPRECATED', 'DELETED', 'DISABLED']);

/** Pipelines that refer to the recipe, and builds of it that still run. */
const findUsers = (home: RegionState, recipe: RecipeRecord): string[] => [
  ...home.pipelines.filter(({ settings }) => settings.imageRecipeArn === recipe.arn).map(({ arn }) => arn),
  ...home.images
    .filter((image) => image.recipeArn === recipe.arn && !terminal.has(image.status))
    .map((image) => image.arn),
];
