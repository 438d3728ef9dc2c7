/**
 * EC2 Image Builder as a build engine. Recipes and infrastructure configurations are named by what is in them, so that equal ones are made once;
 * a build is started under a client token of bake, attempt and variant, so that a second start finds the first.
 */
import {
  CancelImageCreationCommand,
  CreateImageCommand,
  CreateImageRecipeCommand,
  CreateInfrastructureConfigurationCommand,
  DeleteImageCommand,
  DeleteImageRecipeCommand,
  GetImageCommand,
  type Image,
  type ImagebuilderClient,
  ListImagePackagesCommand,
} from '@aws-sdk/client-imagebuilder';
import { canonical } from '../domain/base/canonical.ts';
import { BuildFailed, TryLater } from '../domain/base/errors.ts';
import { TAGS } from '../domain/base/naming.ts';
import { findPartition } from '../domain/base/regions.ts';
import type { BuildEngine, BuildRequest, BuildStatus, Package } from '../ports/build-engine.ts';
import type { Digest } from '../ports/ids.ts';
import { errorName } from './aws-client.ts';
import { callAwsForBuild, isError } from './aws-errors.ts';

export interface ImageBuilderOptions {
  readonly client: ImagebuilderClient;
  readonly digest: Digest;
  readonly home: { readonly account: string; readonly region: string };
  /** Where and as what build instances run. Not needed to look at builds. */
  readonly infrastructure?: {
    readonly subnetId: string;
    readonly securityGroupId: string;
    readonly instanceProfile: string;
  };
}

/** Largest page (imagebuilder ListImagePackagesRequest.maxResults). */
const PAGE = 25;
const RECIPE_VERSION = '1.0.0';

export function imageBuilderEngine(options: ImageBuilderOptions): BuildEngine {
  const { client } = options;

  return {
    async start(request) {
      const imageRecipeArn = await ensureRecipe(options, request);
      const infrastructureConfigurationArn = await ensureInfrastructure(options, request);
      // 64 characters (imagebuilder CreateImageRequest.clientToken).
      const clientToken = options.digest(
        canonical(['build', request.bake, request.attempt, request.variant]),
      );
      try {
        const answer = await callAwsForBuild('CreateImage', () =>
          client.send(
            new CreateImageCommand({
              imageRecipeArn,
              infrastructureConfigurationArn,
              // Suites are ours and run on the finished image; a definition may have test components run here as well.
              imageTestsConfiguration: { imageTestsEnabled: request.tests !== undefined },
              // Without it no package list is collected.
              enhancedImageMetadataEnabled: true,
              tags: { ...request.tags },
              clientToken,
            }),
          ),
        );
        if (answer.imageBuildVersionArn === undefined)
          throw new TryLater('CreateImage answered without an ARN.');
        return { build: answer.imageBuildVersionArn };
      } catch (error) {
        // The clean-up of another attempt may just have deleted the recipe; the next try makes it again.
        if (isError(error, 'ResourceNotFoundException')) throw toRetryLater('The recipe is gone.', error);
        throw toBuildFailed('CreateImage', error);
      }
    },

    async status(build) {
      const image = await getImage(client, build);
      return image === undefined
        ? { state: 'cancelled', reason: `${build} is no longer known to Image Builder.` }
        : toBuildStatus(build, image, options.home.region);
    },

    async packages(build) {
      const packages: Package[] = [];
      let nextToken: string | undefined;
      do {
        const page = await callAwsForBuild('ListImagePackages', () =>
          client.send(
            new ListImagePackagesCommand({
              imageBuildVersionArn: build,
              maxResults: PAGE,
              ...(nextToken === undefined ? {} : { nextToken }),
            }),
          ),
        );
        for (const { packageName, packageVersion } of page.imagePackageList ?? []) {
          if (packageName !== undefined) packages.push({ name: packageName, version: packageVersion ?? '' });
        }
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return packages;
    },

    async cancel(build) {
      const before = await getImage(client, build);
      if (before === undefined || toBuildStatus(build, before, options.home.region).state !== 'running')
        return { ended: true };
      try {
        const clientToken = options.digest(canonical(['cancel', build]));
        await callAwsForBuild('CancelImageCreation', () =>
          client.send(new CancelImageCreationCommand({ imageBuildVersionArn: build, clientToken })),
        );
      } catch (error) {
        // It ended in this very moment, or is in a phase that cannot be cancelled; either way the next look tells.
        if (!isError(error, 'ResourceNotFoundException', 'InvalidRequestException', 'TryLater')) throw error;
      }
      const after = await getImage(client, build);
      return {
        ended: after === undefined || toBuildStatus(build, after, options.home.region).state !== 'running',
      };
    },

    async forget(build) {
      const image = await getImage(client, build);
      if (image === undefined) return;
      await ignoreErrors(['ResourceNotFoundException'], () =>
        callAwsForBuild('DeleteImage', () =>
          client.send(new DeleteImageCommand({ imageBuildVersionArn: build })),
        ),
      );
      const imageRecipeArn = image.imageRecipe?.arn;
      if (imageRecipeArn === undefined) return;
      // Another image that is built from it keeps its recipe.
      await ignoreErrors(['ResourceNotFoundException', 'ResourceDependencyException'], () =>
        callAwsForBuild('DeleteImageRecipe', () =>
          client.send(new DeleteImageRecipeCommand({ imageRecipeArn })),
        ),
      );
    },
  };
}

/** Pure: what an image's record at Image Builder says (imagebuilder ImageStatus; deprecated and disabled come only after available). */
export function toBuildStatus(build: string, image: Image, region: string): BuildStatus {
  const status = image.state?.status ?? 'PENDING';
  const imageId = image.outputResources?.amis?.find((ami) => (ami.region ?? region) === region)?.image;
  const log = toBuildLogName(build);
  const reason = image.state?.reason ?? `Image Builder reports ${status} without a reason.`;
  switch (status) {
    case 'AVAILABLE':
    case 'DEPRECATED':
    case 'DISABLED':
      return imageId === undefined
        ? { state: 'failed', reason: 'The build ended without an image.', log }
        : { state: 'available', imageId, log };
    case 'FAILED':
      return { state: 'failed', reason, log, ...(imageId === undefined ? {} : { imageId }) };
    case 'CANCELLED':
    case 'DELETED':
      return { state: 'cancelled', reason, log, ...(imageId === undefined ? {} : { imageId }) };
    default:
      return { state: 'running' };
  }
}

/** Log group by image name, log stream by version (imagebuilder/userguide/monitor-cwlogs): `/aws/imagebuilder/<name>:1.0.0/3`. */
export function toBuildLogName(build: string): string {
  const [, name = '', version = '', number = ''] = build.split('/');
  return `/aws/imagebuilder/${name}:${version}/${number}`;
}

async function getImage(client: ImagebuilderClient, build: string): Promise<Image | undefined> {
  try {
    const answer = await callAwsForBuild('GetImage', () =>
      client.send(new GetImageCommand({ imageBuildVersionArn: build })),
    );
    return answer.image;
  } catch (error) {
    if (isError(error, 'ResourceNotFoundException')) return undefined;
    throw error;
  }
}

async function ensureRecipe(options: ImageBuilderOptions, request: BuildRequest): Promise<string> {
  const { parentImage, architecture, pipeline, variant } = request;
  // Image Builder tells test components by what is in them (imagebuilder CreateComponent).
  const components = [...request.components, ...(request.tests ?? [])].map(({ arn, parameters = {} }) => ({
    componentArn: arn,
    parameters: Object.entries(parameters).map(([name, value]) => ({
      name,
      value: typeof value === 'string' ? [value] : [...value],
    })),
  }));
  const blockDeviceMappings = request.volumes.map(({ device, sizeGiB }) => ({
    deviceName: device,
    ebs: { volumeSize: sizeGiB, deleteOnTermination: true },
  }));
  const content = options
    .digest(canonical({ parentImage, architecture, components, blockDeviceMappings }))
    .slice(0, 12);
  const name = `ovenbird-${pipeline}-${variant}-${content}`;
  return await createIfAbsent(
    toArn(options, `image-recipe/${name}/${RECIPE_VERSION}`),
    'CreateImageRecipe',
    async () => {
      const answer = await options.client.send(
        new CreateImageRecipeCommand({
          name,
          semanticVersion: RECIPE_VERSION,
          parentImage,
          components: components.map(({ componentArn, parameters }) =>
            parameters.length === 0 ? { componentArn } : { componentArn, parameters },
          ),
          ...(blockDeviceMappings.length === 0 ? {} : { blockDeviceMappings }),
          tags: { [TAGS.managed]: 'true', [TAGS.pipeline]: pipeline },
          // On the image from its first moment; what names the bake follows when it is recorded, because equal recipes are shared.
          amiTags: { [TAGS.managed]: 'true', [TAGS.pipeline]: pipeline, [TAGS.variant]: variant },
          clientToken: options.digest(canonical(['recipe', name, request.bake, request.attempt])),
        }),
      );
      return answer.imageRecipeArn;
    },
  );
}

async function ensureInfrastructure(options: ImageBuilderOptions, request: BuildRequest): Promise<string> {
  const { infrastructure } = options;
  if (infrastructure === undefined)
    throw new Error('This engine was made to look at builds, not to start them.');
  const { subnetId, securityGroupId, instanceProfile } = infrastructure;
  const instanceTypes = [...request.instanceTypes];
  const content = options
    .digest(canonical({ instanceTypes, subnetId, securityGroupId, instanceProfile }))
    .slice(0, 12);
  const name = `ovenbird-${content}`;
  const arn = toArn(options, `infrastructure-configuration/${name}`);
  return await createIfAbsent(arn, 'CreateInfrastructureConfiguration', async () => {
    const answer = await options.client.send(
      new CreateInfrastructureConfigurationCommand({
        name,
        instanceTypes,
        instanceProfileName: instanceProfile,
        subnetId,
        securityGroupIds: [securityGroupId],
        terminateInstanceOnFailure: true,
        instanceMetadataOptions: { httpTokens: 'required' },
        resourceTags: { [TAGS.managed]: 'true' },
        tags: { [TAGS.managed]: 'true' },
        clientToken: options.digest(canonical(['infrastructure', name, request.bake, request.attempt])),
      }),
    );
    return answer.infrastructureConfigurationArn;
  });
}

/** Makes something that is named by its content; one that is there already is the same. */
async function createIfAbsent(
  arn: string,
  what: string,
  create: () => Promise<string | undefined>,
): Promise<string> {
  try {
    return (await callAwsForBuild(what, create)) ?? arn;
  } catch (error) {
    if (isError(error, 'ResourceAlreadyExistsException')) return arn;
    throw toBuildFailed(what, error);
  }
}

function toArn({ home }: ImageBuilderOptions, resource: string): string {
  return `arn:${findPartition(home.region)}:imagebuilder:${home.region}:${home.account}:${resource}`;
}

/** Something in the definition that Image Builder does not take fails the build with Image Builder's own words. */
function toBuildFailed(what: string, error: unknown): unknown {
  if (!errorName(error).startsWith('Invalid')) return error;
  const message = error instanceof Error ? error.message : '';
  return new BuildFailed(`Image Builder refused ${what}: ${message}`, {}, { cause: error });
}

function toRetryLater(why: string, cause: unknown): TryLater {
  return new TryLater(`${why} Trying again makes it anew.`, {}, { cause });
}

async function ignoreErrors(names: readonly string[], call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!isError(error, ...names)) throw error;
  }
}
