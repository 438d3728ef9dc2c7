/**
 * The port BuildEngine on EC2 Image Builder. A build starts under a client token of bake, attempt and variant, so that a second start finds
 * the first.
 */
import {
  CancelImageCreationCommand,
  CreateImageCommand,
  DeleteImageCommand,
  DeleteImageRecipeCommand,
  DeleteInfrastructureConfigurationCommand,
  GetImageCommand,
  type Image,
  type ImagebuilderClient,
} from '@aws-sdk/client-imagebuilder';
import type { Ami } from '../../domain/artifacts/ami.ts';
import { canonical } from '../../domain/base/canonical.ts';
import { TryLater } from '../../domain/base/errors.ts';
import type { Home } from '../../domain/base/regions.ts';
import type { BuildEngine, BuildStatus } from '../../ports/build-engine.ts';
import { findImagesByTag } from '../artifacts/ec2-images.ts';
import { isShortageMessage } from '../aws-error-classes.ts';
import { callAwsForBuild, ignoreErrors, isError } from '../aws-errors.ts';
import {
  ensureInfrastructure,
  ensureRecipe,
  findBuildInputs,
  type ImageBuilderOptions,
  listSubnets,
  toBuildFailed,
} from './image-builder-recipes.ts';

/** On every image of a build from its first moment (imagebuilder/userguide/manage-images). */
const BUILD_TAG = 'Ec2ImageBuilderArn';

export function imageBuilderEngine(options: ImageBuilderOptions): BuildEngine {
  const { client } = options;

  return {
    async start(request) {
      const recipe = await ensureRecipe(options, request);
      const infrastructureConfigurationArn = await ensureInfrastructure(options, request, recipe);
      // 64 characters (imagebuilder CreateImageRequest.clientToken).
      const clientToken = options.digest(
        canonical(['build', request.bake, request.attempt, request.variant, request.placing]),
      );
      try {
        const answer = await callAwsForBuild('CreateImage', () =>
          client.send(
            new CreateImageCommand({
              imageRecipeArn: recipe.arn,
              infrastructureConfigurationArn,
              // Suites are ours and run on the finished image; a definition may have test components run here as well.
              imageTestsConfiguration: { imageTestsEnabled: request.tests !== undefined },
              // Its step InventoryCollection ends the build where the account has an inventory association for all instances, and needs rights on the
              // build instance (docs/aws/image-builder.md#inventory-collection). The packages are read on the test instance instead.
              enhancedImageMetadataEnabled: false,
              tags: { ...request.instanceTags, ...request.tags },
              loggingConfiguration: { logGroupName: options.infrastructure().logGroup },
              clientToken,
            }),
          ),
        );
        if (answer.imageBuildVersionArn === undefined)
          throw new TryLater('CreateImage answered without an ARN.');
        return { build: answer.imageBuildVersionArn, placements: listSubnets(options, request).length };
      } catch (error) {
        // A clean-up may just have deleted what the build is made of; the next try makes it again.
        if (isError(error, 'ResourceNotFoundException'))
          throw new TryLater(
            'The recipe or its configuration is gone. Trying again makes it anew.',
            {},
            { cause: error },
          );
        throw toBuildFailed('CreateImage', error);
      }
    },

    async status(build) {
      const image = await getImage(client, build);
      return image === undefined ? { state: 'unknown' } : toBuildStatus(build, image, options.home);
    },

    async cancel(build) {
      const before = await getImage(client, build);
      if (before === undefined || toBuildStatus(build, before, options.home).state !== 'running')
        return { ended: true };
      const clientToken = options.digest(canonical(['cancel', build]));
      // It ended in this very moment, or is in a phase that cannot be cancelled; either way the next look tells.
      await ignoreErrors(['ResourceNotFoundException', 'InvalidRequestException', 'TryLater'], () =>
        callAwsForBuild('CancelImageCreation', () =>
          client.send(new CancelImageCreationCommand({ imageBuildVersionArn: build, clientToken })),
        ),
      );
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
      const { imageRecipeArn, infrastructureConfigurationArn } = findBuildInputs(build, options.home);
      await ignoreErrors(['ResourceNotFoundException'], () =>
        callAwsForBuild('DeleteImage', () =>
          client.send(new DeleteImageCommand({ imageBuildVersionArn: build })),
        ),
      );
      // Another image that is built from it keeps its recipe.
      await ignoreErrors(['ResourceNotFoundException', 'ResourceDependencyException'], () =>
        callAwsForBuild('DeleteImageRecipe', () =>
          client.send(new DeleteImageRecipeCommand({ imageRecipeArn })),
        ),
      );
      await ignoreErrors(['ResourceNotFoundException', 'ResourceDependencyException'], () =>
        callAwsForBuild('DeleteInfrastructureConfiguration', () =>
          client.send(new DeleteInfrastructureConfigurationCommand({ infrastructureConfigurationArn })),
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
  const log = toBuildLogName(build, image.loggingConfiguration?.logGroupName);
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
        ...(status === 'FAILED' && isShortageMessage(reason) ? { isShortage: true } : {}),
      };
    default:
      return { state: 'running' };
  }
}

/** Log stream by version, in the group that the build names or that Image Builder chooses (imagebuilder/userguide/monitor-cwlogs). */
export function toBuildLogName(build: string, group?: string): string {
  const [, name = '', version = '', number = ''] = build.split('/');
  return `${group ?? `/aws/imagebuilder/${name}`}:${version}/${number}`;
}

async function getImage(client: ImagebuilderClient, build: string): Promise<Image | undefined> {
  const answer = await ignoreErrors(['ResourceNotFoundException'], () =>
    callAwsForBuild('GetImage', () => client.send(new GetImageCommand({ imageBuildVersionArn: build }))),
  );
  return answer?.image;
}
