import type { Call } from '../service.ts';
import { findComponent } from './components.ts';
import {
  describeConfiguration as configurationDocument,
  type Distribution,
  distributionsSchema,
  findConfiguration,
  type Infrastructure,
  infrastructureSchema,
} from './configurations.ts';
import type { Context } from './context.ts';
import { invalidRequest, invalidValue } from './errors.ts';
import { findParent } from './parents.ts';
import { findRecipe } from './recipes.ts';
import type { ComponentRecord, RecipeRecord } from './records.ts';
import type { Configuration, RegionState } from './store.ts';

/** The inputs of a build, resolved at its start: later changes of recipe or configurations do not affect it. */
export interface BuildPlan {
  readonly recipe: RecipeRecord;
  /** In the order in which they run. */
  readonly components: readonly ComponentRecord[];
  /** The parent's AMI now, and how GetImage names the parent. */
  readonly parentImageId: string;
  readonly parentImage: string;
  readonly amazonManaged: boolean;
  readonly infrastructure: Infrastructure;
  readonly distributions: readonly Distribution[];
  readonly tests: boolean;
  /** The parts of the image document that are fixed from the start. */
  readonly documents: Record<string, unknown>;
}

export interface BuildReferences {
  readonly imageRecipeArn: string;
  readonly infrastructureConfigurationArn: string;
  readonly distributionConfigurationArn?: string | undefined;
  readonly tests: boolean;
}

/** Resolves recipe, parent, components and configurations. What does not exist is refused at once (docs/aws/image-builder.md#createimage). */
export const planBuild = async (
  context: Context,
  home: RegionState,
  call: Call,
  references: BuildReferences,
): Promise<BuildPlan> => {
  const recipe = findRecipe(context, call, references.imageRecipeArn);
  if (recipe === undefined) throw missing('image recipe', references.imageRecipeArn);
  const infrastructure = configuration(
    home.infrastructure,
    references.infrastructureConfigurationArn,
    'infrastructure-configuration',
  );
  const distribution =
    references.distributionConfigurationArn === undefined
      ? undefined
      : configuration(
          home.distribution,
          references.distributionConfigurationArn,
          'distribution-configuration',
        );
  const parent = await findParent(context, call, recipe.parentImage);
  if (parent === undefined) throw missing('parent image', recipe.parentImage);
  const components = recipe.components.map((use) => {
    const component = findComponent(context, call, use.componentArn, 'componentArn');
    if (component === undefined) throw missing('component', use.componentArn);
    return component;
  });
  return {
    recipe,
    components,
    parentImageId: parent.imageId,
    parentImage: parent.build?.arn ?? recipe.parentImage,
    amazonManaged: /^arn:[^:]*:imagebuilder:[^:]*:aws:/.test(recipe.parentImage),
    infrastructure: infrastructureSchema.parse(infrastructure.settings),
    distributions:
      distribution === undefined ? [] : distributionsSchema.parse(distribution.settings).distributions,
    tests: references.tests,
    documents: {
      infrastructureConfiguration: configurationDocument(infrastructure),
      ...(distribution === undefined
        ? {}
        : { distributionConfiguration: { timeoutMinutes: 720, ...configurationDocument(distribution) } }),
    },
  };
};

const configuration = (
  records: readonly Configuration[],
  arn: string,
  kind: 'infrastructure-configuration' | 'distribution-configuration',
): Configuration => {
  const parameter =
    kind === 'infrastructure-configuration'
      ? 'infrastructureConfigurationArn'
      : 'distributionConfigurationArn';
  if (arn === '') throw invalidValue(parameter, 'It must not be empty.');
  const record = findConfiguration(records, arn, parameter, kind);
  if (record === undefined) throw missing(kind.replace('-', ' '), arn);
  return record;
};

// CreateImage lists no ResourceNotFoundException (docs/aws/image-builder.md#createimage).
const missing = (what: string, name: string): Error =>
  invalidRequest(`The ${what} '${name}' does not exist.`);
