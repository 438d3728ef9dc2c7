/**
 * Reads what an account has at EC2 Image Builder, without writing anything there. Lists come in pages of at most 25, and nothing is asked for twice
 * (imagebuilder List*Request.maxResults, Get*).
 */
import {
  type Component,
  type DistributionConfiguration,
  GetComponentCommand,
  GetDistributionConfigurationCommand,
  GetImageRecipeCommand,
  GetInfrastructureConfigurationCommand,
  type ImagebuilderClient,
  type ImagePipeline,
  type ImageRecipe,
  type InfrastructureConfiguration,
  ListImagePipelinesCommand,
} from '@aws-sdk/client-imagebuilder';

/** One pipeline with everything that it refers to. */
export interface FoundPipeline {
  readonly pipeline: ImagePipeline;
  /** Absent of a pipeline for container images. */
  readonly recipe?: ImageRecipe;
  readonly infrastructure?: InfrastructureConfiguration;
  readonly distribution?: DistributionConfiguration;
  /** By the ARN that the recipe names; absent where it could not be read. */
  readonly components: ReadonlyMap<string, Component>;
}

const PAGE = 25;
/** A component of another account may have been unshared, or have been deleted. */
const UNREADABLE = new Set(['ResourceNotFoundException', 'AccessDeniedException', 'ForbiddenException']);

export async function readPipelines(client: ImagebuilderClient): Promise<FoundPipeline[]> {
  const pipelines = await listPipelines(client);
  const recipes = new ReadOnce(async (imageRecipeArn) => {
    const answer = await client.send(new GetImageRecipeCommand({ imageRecipeArn }));
    return answer.imageRecipe;
  });
  const infrastructures = new ReadOnce(async (infrastructureConfigurationArn) => {
    const command = new GetInfrastructureConfigurationCommand({ infrastructureConfigurationArn });
    return (await client.send(command)).infrastructureConfiguration;
  });
  const distributions = new ReadOnce(async (distributionConfigurationArn) => {
    const command = new GetDistributionConfigurationCommand({ distributionConfigurationArn });
    return (await client.send(command)).distributionConfiguration;
  });
  const components = new ReadOnce((arn) => readComponent(client, arn));

  const found: FoundPipeline[] = [];
  for (const pipeline of pipelines) {
    const recipe = await recipes.get(pipeline.imageRecipeArn);
    const infrastructure = await infrastructures.get(pipeline.infrastructureConfigurationArn);
    const distribution = await distributions.get(pipeline.distributionConfigurationArn);
    const used = new Map<string, Component>();
    for (const { componentArn = '' } of recipe?.components ?? []) {
      const component = await components.get(componentArn);
      if (component !== undefined) used.set(componentArn, component);
    }
    found.push({
      pipeline,
      ...(recipe === undefined ? {} : { recipe }),
      ...(infrastructure === undefined ? {} : { infrastructure }),
      ...(distribution === undefined ? {} : { distribution }),
      components: used,
    });
  }
  return found;
}

async function listPipelines(client: ImagebuilderClient): Promise<ImagePipeline[]> {
  const pipelines: ImagePipeline[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new ListImagePipelinesCommand({
        maxResults: PAGE,
        ...(nextToken === undefined ? {} : { nextToken }),
      }),
    );
    pipelines.push(...(page.imagePipelineList ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return pipelines;
}

async function readComponent(client: ImagebuilderClient, arn: string): Promise<Component | undefined> {
  try {
    const answer = await client.send(new GetComponentCommand({ componentBuildVersionArn: arn }));
    return answer.component;
  } catch (error) {
    if (error instanceof Error && UNREADABLE.has(error.name)) return undefined;
    throw error;
  }
}

/** Caches answers by ARN: pipelines share most of what they refer to. */
class ReadOnce<Answer> {
  readonly #answers = new Map<string, Answer | undefined>();
  readonly #ask: (arn: string) => Promise<Answer | undefined>;

  constructor(ask: (arn: string) => Promise<Answer | undefined>) {
    this.#ask = ask;
  }

  async get(arn: string | undefined): Promise<Answer | undefined> {
    if (arn === undefined) return undefined;
    if (!this.#answers.has(arn)) this.#answers.set(arn, await this.#ask(arn));
    return this.#answers.get(arn);
  }
}
