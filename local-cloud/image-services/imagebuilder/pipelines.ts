import * as z from 'zod';
import type { Call, Shape } from '../service.ts';
import { formatArn, toSlug } from './arns.ts';
import { findConfiguration } from './configurations.ts';
import { type Context, formatDate, type Operations, openHome } from './context.ts';
import { alreadyExists, invalidValue, notFound, quotaExceeded } from './errors.ts';
import { buildSettings, checkBuild, startBuild } from './images.ts';
import { filtersSchema, nameSchema, pageSchema, read, tagsSchema, textSchema, tokenSchema } from './input.ts';
import { filtered, takePage } from './pages.ts';
import { planBuild } from './plan.ts';
import { quotas } from './quotas.ts';
import { findRecipe } from './recipes.ts';
import { type Configuration, once, type RegionState } from './store.ts';

// [M:imagebuilder Schedule], docs/aws/image-builder.md#schedules. Schedules never fire here: the expression is only stored.
const scheduleSchema = z.object({
  scheduleExpression: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^(?:cron|rate)\(.+\)$/, 'Write cron(…) or rate(…).')
    .optional(),
  timezone: z.string().min(3).max(100).optional(),
  pipelineExecutionStartCondition: z
    .enum(['EXPRESSION_MATCH_ONLY', 'EXPRESSION_MATCH_AND_DEPENDENCY_UPDATES_AVAILABLE'])
    .default('EXPRESSION_MATCH_AND_DEPENDENCY_UPDATES_AVAILABLE'),
  autoDisablePolicy: z.object({ failureCount: z.int().min(1).max(10) }).optional(),
});

const settingsSchema = z.object({
  ...buildSettings,
  description: textSchema.optional(),
  schedule: scheduleSchema.optional(),
  // An update that does not say DISABLED enables (docs/aws/image-builder.md#updates-replace-everything).
  status: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  imageTags: tagsSchema.optional(),
});

const arnSchema = z.object({ imagePipelineArn: z.string() });

export const pipelineOperations = (context: Context): Operations => ({
  CreateImagePipeline: async (input, call) => {
    const home = openHome(context, call);
    const output = await once(home, 'CreateImagePipeline', input, async () => {
      const { name, tags } = read(
        z.object({ name: nameSchema, tags: tagsSchema.optional(), clientToken: tokenSchema.optional() }),
        input,
      );
      const settings = await checkedSettings(context, home, call, input);
      const slug = toSlug(name);
      const arn = formatArn('image-pipeline', call, slug);
      if (home.pipelines.some((pipeline) => pipeline.arn === arn)) throw alreadyExists('ImagePipeline', arn);
      if (home.pipelines.length >= quotas.pipelines) throw quotaExceeded('image pipelines', quotas.pipelines);
      const dateCreated = formatDate(context.world.clock.now());
      home.pipelines.push({ arn, name, slug, dateCreated, tags: tags ?? {}, settings });
      return { imagePipelineArn: arn };
    });
    return { requestId: call.requestId, ...output };
  },

  GetImagePipeline: (input, call) => ({
    requestId: call.requestId,
    imagePipeline: describePipeline(context, call, find(context, call, input)),
  }),

  ListImagePipelines: (input, call) => {
    const { filters, ...request } = read(z.object({ ...pageSchema, filters: filtersSchema }), input);
    const setting = (name: string) => (pipeline: Configuration) => readText(pipeline.settings[name]);
    const pipelines = filtered(openHome(context, call).pipelines, filters, {
      name: ({ name }) => name,
      description: setting('description'),
      distributionConfigurationArn: setting('distributionConfigurationArn'),
      imageRecipeArn: setting('imageRecipeArn'),
      infrastructureConfigurationArn: setting('infrastructureConfigurationArn'),
      status: setting('status'),
    });
    const { page, ...rest } = takePage(pipelines, 'pipelines', request);
    return {
      requestId: call.requestId,
      imagePipelineList: page.map((pipeline) => describePipeline(context, call, pipeline)),
      ...rest,
    };
  },

  // A full replacement: what is left out is reset (docs/aws/image-builder.md#updates-replace-everything).
  UpdateImagePipeline: async (input, call) => {
    const home = openHome(context, call);
    const output = await once(home, 'UpdateImagePipeline', input, async () => {
      const pipeline = find(context, call, input);
      pipeline.settings = await checkedSettings(context, home, call, input);
      pipeline.dateUpdated = formatDate(context.world.clock.now());
      return { imagePipelineArn: pipeline.arn };
    });
    return { requestId: call.requestId, ...output };
  },

  DeleteImagePipeline: (input, call) => {
    const pipeline = find(context, call, input);
    const home = openHome(context, call);
    home.pipelines = home.pipelines.filter((entry) => entry !== pipeline);
    return { requestId: call.requestId, imagePipelineArn: pipeline.arn };
  },

  // Builds whether or not anything is new, and on a disabled pipeline too (docs/aws/image-builder.md#starting-a-pipeline).
  StartImagePipelineExecution: async (input, call) => {
    const home = openHome(context, call);
    const output = await once(home, 'StartImagePipelineExecution', input, async () => {
      const { tags } = read(arnSchema.extend({ tags: tagsSchema.optional() }), input);
      const pipeline = find(context, call, input);
      const settings = checkBuild(settingsSchema.parse(pipeline.settings));
      const image = await startBuild(context, call, settings, {
        tags: tags ?? {},
        buildType: 'USER_INITIATED',
        pipeline: { arn: pipeline.arn, name: pipeline.name },
      });
      return { imageBuildVersionArn: image.arn };
    });
    return { requestId: call.requestId, ...output };
  },
});

const find = (context: Context, call: Call, input: Shape): Configuration => {
  const { imagePipelineArn: arn } = read(arnSchema, input);
  const pipeline = findConfiguration(
    openHome(context, call).pipelines,
    arn,
    'imagePipelineArn',
    'image-pipeline',
  );
  if (pipeline === undefined) throw notFound('ImagePipeline', arn);
  return pipeline;
};

const checkedSettings = async (
  context: Context,
  home: RegionState,
  call: Call,
  input: Shape,
): Promise<Shape> => {
  const settings = read(settingsSchema, input);
  const { imageRecipeArn } = checkBuild(settings);
  await planBuild(context, home, call, {
    imageRecipeArn,
    infrastructureConfigurationArn: settings.infrastructureConfigurationArn,
    distributionConfigurationArn: settings.distributionConfigurationArn,
    tests: settings.imageTestsConfiguration.imageTestsEnabled,
  });
  const zone = settings.schedule?.timezone;
  if (zone !== undefined && !isTimeZone(zone))
    throw invalidValue('schedule.timezone', `'${zone}' is not a time zone.`);
  return settings;
};

const describePipeline = (context: Context, call: Call, pipeline: Configuration): Shape => {
  const { arn, name, dateCreated, dateUpdated, tags, settings } = pipeline;
  const runs = openHome(context, call).images.filter(({ pipelineArn }) => pipelineArn === arn);
  const last = runs.reduce<(typeof runs)[number] | undefined>(
    (latest, run) => (latest === undefined || run.dateCreated > latest.dateCreated ? run : latest),
    undefined,
  );
  const recipe = findRecipe(context, call, String(settings.imageRecipeArn));
  return {
    arn,
    name,
    platform: recipe?.platform,
    dateCreated,
    dateUpdated: dateUpdated ?? dateCreated,
    dateLastRun: last?.dateCreated,
    lastRunStatus: last?.status,
    tags,
    consecutiveFailures: 0,
    ...settings,
  };
};

const isTimeZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
};

const readText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
