/**
 * The port BuildEngine on EC2 Image Builder. A build starts under a client token of bake, attempt and variant, so that a second start finds
 * the first.
 */
import {
  CancelImageCreationCommand,
  CreateImageCommand,
  DeleteImageCommand,
  DeleteImageRecipeCommand,
  GetImageCommand,
  type Image,
  type ImagebuilderClient,
  ListImagePackagesCommand,
} from '@aws-sdk/client-imagebuilder';
import type { Ami } from '../../domain/artifacts/ami.ts';
import { canonical } from '../../domain/base/canonical.ts';
import { TryLater } from '../../domain/base/errors.ts';
import type { Home } from '../../domain/base/regions.ts';
import type { BuildEngine, BuildStatus, Package } from '../../ports/build-engine.ts';
import { findImagesByTag } from '../artifacts/ec2-images.ts';
import { callAwsForBuild, isError } from '../aws-errors.ts';
import {
  ensureInfrastructure,
  ensureRecipe,
  type ImageBuilderOptions,
  toBuildFailed,
} from './image-builder-recipes.ts';

/** Largest page (imagebuilder ListImagePackagesRequest.maxResults). */
const PAGE = 25;
/** On every image of a build from its first moment (imagebuilder/userguide/manage-images). */
const BUILD_TAG = 'Ec2ImageBuilderArn';

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
        : toBuildStatus(build, image, options.home);
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
      if (before === undefined || toBuildStatus(build, before, options.home).state !== 'running')
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
        ended: after === undefined || toBuildStatus(build, after, options.home).state !== 'running',
      };
    },

    async leftovers(build) {
      const images = await findImagesByTag(options.ec2, BUILD_TAG, build);
      return images.map(({ artifact }) => artifact);
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

/**
 * What an image's record at Image Builder says (imagebuilder ImageStatus; deprecated and disabled come only after available). Its artifact
 * names no snapshots: Image Builder knows none.
 */
export function toBuildStatus(build: string, image: Image, home: Home): BuildStatus {
  const status = image.state?.status ?? 'PENDING';
  const imageId = image.outputResources?.amis?.find(
    (ami) => (ami.region ?? home.region) === home.region,
  )?.image;
  const artifact: Ami | undefined =
    imageId === undefined ? undefined : { kind: 'ami', ...home, imageId, snapshotIds: [] };
  const log = toBuildLogName(build);
  const reason = image.state?.reason ?? `Image Builder reports ${status} without a reason.`;
  switch (status) {
    case 'AVAILABLE':
    case 'DEPRECATED':
    case 'DISABLED':
      return artifact === undefined
        ? { state: 'failed', reason: 'The build ended without an image.', log }
        : { state: 'available', artifact, log };
    case 'FAILED':
    case 'CANCELLED':
    case 'DELETED':
      return {
        state: status === 'FAILED' ? 'failed' : 'cancelled',
        reason,
        log,
        ...(artifact === undefined ? {} : { artifact }),
      };
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
