/** On what an imported pipeline builds and tests. */
import type { ImageRecipe } from '@aws-sdk/client-imagebuilder';
import { type DefinitionInput, InstanceTags } from '../../shared/domain/definitions/definition.ts';
import type { FoundPipeline } from './image-builder.ts';
import { type Note, noteIf } from './notes.ts';

type Build = NonNullable<DefinitionInput['build']>;

const MOST_INSTANCE_TYPES = 5;

/** The order in which Image Builder tries instance types is kept. */
export function importInstanceTypes(found: FoundPipeline): {
  readonly instanceTypes: string[] | undefined;
  readonly notes: Note[];
} {
  const types = found.infrastructure?.instanceTypes ?? [];
  const given = types.length > 0 ? types.slice(0, MOST_INSTANCE_TYPES) : undefined;
  const left = types.slice(MOST_INSTANCE_TYPES);
  return {
    instanceTypes: given,
    notes: noteIf(
      left.length > 0,
      'infrastructureConfiguration.instanceTypes',
      `At most ${MOST_INSTANCE_TYPES} are tried; left out: ${left.join(', ')}`,
    ),
  };
}

/** Image Builder gives these to its build and its test instances alike. Those that a definition may not have are left out. */
export function importInstanceTags({ infrastructure }: FoundPipeline): {
  readonly own: Pick<Build, 'instanceTags'>;
  readonly notes: Note[];
} {
  const all = Object.entries(infrastructure?.resourceTags ?? {});
  const isAllowed = ([key, value]: [string, string]) => InstanceTags.safeParse({ [key]: value }).success;
  const taken = all.filter(isAllowed);
  const left = all.filter((tag) => !isAllowed(tag)).map(([key]) => key);
  return {
    own: taken.length === 0 ? {} : { instanceTags: Object.fromEntries(taken) },
    notes: noteIf(
      left.length > 0,
      'infrastructureConfiguration.resourceTags',
      `These keys are not taken: ${left.join(', ')}`,
    ),
  };
}

/** What becomes of the agent of Systems Manager; left out is a meaning of its own. */
export function importAgent(recipe: ImageRecipe): Pick<Build, 'additionalInstanceConfiguration'> {
  const uninstallAfterBuild =
    recipe.additionalInstanceConfiguration?.systemsManagerAgent?.uninstallAfterBuild;
  return uninstallAfterBuild === undefined
    ? {}
    : { additionalInstanceConfiguration: { systemsManagerAgent: { uninstallAfterBuild } } };
}
