/** Recipes and infrastructure configurations of Image Builder, named by their contents, so that equal ones are made once. */
import type { EC2Client } from '@aws-sdk/client-ec2';
import {
  CreateImageRecipeCommand,
  CreateInfrastructureConfigurationCommand,
  type ImagebuilderClient,
} from '@aws-sdk/client-imagebuilder';
import { canonical } from '../../domain/base/canonical.ts';
import { BuildFailed } from '../../domain/base/errors.ts';
import { TAGS } from '../../domain/base/naming.ts';
import { findPartition, type Home } from '../../domain/base/regions.ts';
import type { BuildRequest } from '../../ports/build-engine.ts';
import type { Digest } from '../../ports/ids.ts';
import { errorName } from '../aws-client.ts';
import { callAwsForBuild, isError } from '../aws-errors.ts';

export interface ImageBuilderOptions {
  readonly client: ImagebuilderClient;
  readonly digest: Digest;
  readonly home: Home;
  readonly ec2: EC2Client;
  /** Where build instances run, and with which rights. Asked for when a build starts: other functions do not know it. */
  readonly infrastructure: () => {
    readonly subnetId: string;
    readonly securityGroupId: string;
    readonly instanceProfile: string;
  };
}

const RECIPE_VERSION = '1.0.0';

export async function ensureRecipe(options: ImageBuilderOptions, request: BuildRequest): Promise<string> {
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

export async function ensureInfrastructure(
  options: ImageBuilderOptions,
  request: BuildRequest,
): Promise<string> {
  const { subnetId, securityGroupId, instanceProfile } = options.infrastructure();
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

/** Makes a resource that is named by its contents; one of that name is the same. */
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

/** A definition that Image Builder refuses fails the build with its own message; every other error stays as it is. */
export function toBuildFailed(what: string, error: unknown): unknown {
  if (!errorName(error).startsWith('Invalid')) return error;
  const message = error instanceof Error ? error.message : '';
  return new BuildFailed(`Image Builder refused ${what}: ${message}`, {}, { cause: error });
}
