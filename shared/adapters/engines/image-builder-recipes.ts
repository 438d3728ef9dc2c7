/**
 * Recipes and infrastructure configurations of Image Builder. Both are made for one attempt and removed with its build, since their number is
 * limited and nearly every bake is of another base.
 */
import type { EC2Client } from '@aws-sdk/client-ec2';
import {
  CreateImageRecipeCommand,
  CreateInfrastructureConfigurationCommand,
  type ImagebuilderClient,
  type InstanceBlockDeviceMapping,
} from '@aws-sdk/client-imagebuilder';
import { canonical } from '../../domain/base/canonical.ts';
import { BuildFailed } from '../../domain/base/errors.ts';
import { TAGS } from '../../domain/base/naming.ts';
import { findPartition, type Home } from '../../domain/base/regions.ts';
import { toBuildArn } from '../../domain/selectors/build-arns.ts';
import type { BuildRequest } from '../../ports/build-engine.ts';
import type { Digest } from '../../ports/ids.ts';
import { errorName } from '../aws-error-classes.ts';
import { callAwsForBuild, isError } from '../aws-errors.ts';

export interface ImageBuilderOptions {
  readonly client: ImagebuilderClient;
  readonly digest: Digest;
  readonly home: Home;
  readonly ec2: EC2Client;
  /** Where build instances run, and with which rights. Asked for when a build starts: other functions do not know it. */
  readonly infrastructure: () => {
    readonly subnets: readonly string[];
    readonly securityGroupId: string;
    readonly instanceProfile: string;
    readonly logGroup: string;
    /** Key of builds whose definition names none. */
    readonly key?: string | undefined;
  };
}

/** Findings on instances that live for a build tell nothing that is not known of the image, and are paid for (docs/aws/inspector.md#excluding-instances). */
const UNSCANNED = { InspectorEc2Exclusion: 'true' };

export interface Recipe {
  readonly arn: string;
  readonly name: string;
  readonly version: string;
}

export async function ensureRecipe(options: ImageBuilderOptions, request: BuildRequest): Promise<Recipe> {
  const { parentImage, architecture, pipeline, variant, removesAgent, instanceTags } = request;
  // Image Builder tells test components by what is in them (imagebuilder CreateComponent).
  const components = [...request.components, ...(request.tests ?? [])].map(({ arn, parameters = {} }) => ({
    componentArn: arn,
    parameters: Object.entries(parameters).map(([name, value]) => ({
      name,
      value: typeof value === 'string' ? [value] : [...value],
    })),
  }));
  const blockDeviceMappings = mapVolumes(options, request);
  const name = `ovenbird-${pipeline}-${variant}`;
  const content = { parentImage, architecture, components, blockDeviceMappings, removesAgent, instanceTags };
  const { bake, attempt, placing } = request;
  const semanticVersion = toRecipeVersion(options.digest(canonical({ bake, attempt, placing, content })));
  const arn = await createIfAbsent(
    toBuildArn(`image-recipe/${name}/${semanticVersion}`, options.home),
    'CreateImageRecipe',
    async () => {
      const answer = await options.client.send(
        new CreateImageRecipeCommand({
          name,
          semanticVersion,
          parentImage,
          components: components.map(({ componentArn, parameters }) =>
            parameters.length === 0 ? { componentArn } : { componentArn, parameters },
          ),
          ...(blockDeviceMappings.length === 0 ? {} : { blockDeviceMappings }),
          ...(removesAgent === undefined
            ? {}
            : {
                additionalInstanceConfiguration: {
                  systemsManagerAgent: { uninstallAfterBuild: removesAgent },
                },
              }),
          tags: { ...instanceTags, [TAGS.managed]: 'true', [TAGS.pipeline]: pipeline },
          // On the image from its first moment; what names the bake follows when it is recorded.
          amiTags: { [TAGS.managed]: 'true', [TAGS.pipeline]: pipeline, [TAGS.variant]: variant },
          clientToken: options.digest(canonical(['recipe', name, semanticVersion])),
        }),
      );
      return answer.imageRecipeArn;
    },
  );
  return { arn, name, version: semanticVersion };
}

/**
 * A version of its own for each attempt and placing: the ARN of a build follows from it, and marks its images, so that one which comes again after a removal
 * would find a released image as its own. 28 bits a number: at most 2^30 - 1 (docs/aws/image-builder.md#versions).
 */
function toRecipeVersion(digest: string): string {
  const number = (from: number) => Number.parseInt(digest.slice(from, from + 7), 16);
  return `1.${number(0)}.${number(7)}`;
}

/** A volume that is not mapped is as the parent has it, so that with a key every one is mapped. */
function mapVolumes(options: ImageBuilderOptions, request: BuildRequest): InstanceBlockDeviceMapping[] {
  const key = request.key ?? options.infrastructure().key;
  if (key !== undefined && request.parentDevices.length === 0)
    throw new BuildFailed(
      `The volumes of the parent image ${request.parentImage} are not known, so they cannot be encrypted with ${key}.`,
    );
  const sizes = new Map(request.volumes.map(({ device, sizeGiB }) => [device, sizeGiB]));
  const devices = key === undefined ? sizes.keys() : new Set([...request.parentDevices, ...sizes.keys()]);
  return [...devices].map((deviceName) => {
    const volumeSize = sizes.get(deviceName);
    return {
      deviceName,
      ebs: {
        ...(volumeSize === undefined ? {} : { volumeSize }),
        ...(key === undefined ? {} : { encrypted: true, kmsKeyId: toKeyArn(key, options.home) }),
        deleteOnTermination: true,
      },
    };
  });
}

/** Image Builder takes the ARN of a key or of an alias (imagebuilder EbsInstanceBlockDeviceSpecification.kmsKeyId). */
function toKeyArn(key: string, { account, region }: Home): string {
  return key.startsWith('arn:') ? key : `arn:${findPartition(region)}:kms:${region}:${account}:${key}`;
}

/** The name follows from the recipe's, and so from the ARN of the build. */
function toInfrastructureName(name: string, version: string): string {
  return `${name}-${version.replaceAll('.', '-')}`;
}

/** What was made to build this: Image Builder gives a build the name and the version of its recipe. */
export function findBuildInputs(
  build: string,
  home: Home,
): { readonly imageRecipeArn: string; readonly infrastructureConfigurationArn: string } {
  const [, name = '', version = ''] = build.split('/');
  return {
    imageRecipeArn: toBuildArn(`image-recipe/${name}/${version}`, home),
    infrastructureConfigurationArn: toBuildArn(
      `infrastructure-configuration/${toInfrastructureName(name, version)}`,
      home,
    ),
  };
}

/** Image Builder takes one subnet and tries the types itself, so that the subnets are the placements. */
export function listSubnets(options: ImageBuilderOptions, { placement }: BuildRequest): readonly string[] {
  return placement.subnets ?? options.infrastructure().subnets;
}

export async function ensureInfrastructure(
  options: ImageBuilderOptions,
  request: BuildRequest,
  recipe: Recipe,
): Promise<string> {
  const { securityGroupId, instanceProfile } = options.infrastructure();
  const { placement, placing, metadata } = request;
  const subnets = listSubnets(options, request);
  const tags = { ...request.instanceTags, [TAGS.managed]: 'true' };
  const resourceTags = { ...tags, ...UNSCANNED };
  const name = toInfrastructureName(recipe.name, recipe.version);
  const arn = toBuildArn(`infrastructure-configuration/${name}`, options.home);
  return await createIfAbsent(arn, 'CreateInfrastructureConfiguration', async () => {
    const answer = await options.client.send(
      new CreateInfrastructureConfigurationCommand({
        name,
        instanceTypes: [...request.instanceTypes],
        instanceProfileName: placement.instanceProfile ?? instanceProfile,
        subnetId: subnets[placing % subnets.length],
        securityGroupIds: placement.securityGroups ?? [securityGroupId],
        terminateInstanceOnFailure: true,
        instanceMetadataOptions: {
          httpTokens: metadata.httpTokens,
          ...(metadata.hopLimit === undefined ? {} : { httpPutResponseHopLimit: metadata.hopLimit }),
        },
        // At launch already: policies of an organisation may deny what is not tagged (organizations/latest/userguide, tagging examples).
        resourceTags,
        tags,
        clientToken: options.digest(canonical(['infrastructure', name])),
      }),
    );
    return answer.infrastructureConfigurationArn;
  });
}

/** Makes a resource whose name says what is in it; one of that name is the same. */
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

/** A definition that Image Builder refuses fails the build with its own message; every other error stays as it is. */
export function toBuildFailed(what: string, error: unknown): unknown {
  if (!errorName(error).startsWith('Invalid')) return error;
  const message = error instanceof Error ? error.message : '';
  return new BuildFailed(`Image Builder refused ${what}: ${message}`, {}, { cause: error });
}
