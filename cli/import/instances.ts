/** On what, where and as what an imported pipeline builds and tests. */
import type { ImageRecipe } from '@aws-sdk/client-imagebuilder';
import { type DefinitionInput, InstanceTags } from '../../shared/domain/definitions/definition.ts';
import type { FoundPipeline } from './image-builder.ts';
import { type Note, noteIf } from './notes.ts';

type Build = NonNullable<DefinitionInput['build']>;
type Tests = DefinitionInput['tests'];

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

/** The profile that the console of Image Builder makes: that of the installation has its rights (imagebuilder/userguide/image-builder-setting-up). */
const USUAL_PROFILE = 'EC2InstanceProfileForImageBuilder';

/** Image Builder starts its build and its test instances in the same place, as the same role. */
export function importPlacement({ infrastructure = {} }: FoundPipeline): {
  readonly own: Pick<Build, 'placement'>;
  readonly notes: Note[];
} {
  const { subnetId, securityGroupIds = [], instanceProfileName } = infrastructure;
  const instanceProfile = instanceProfileName === USUAL_PROFILE ? undefined : instanceProfileName;
  const placement = {
    ...(subnetId === undefined ? {} : { subnets: [subnetId] }),
    ...(securityGroupIds.length === 0 ? {} : { securityGroups: securityGroupIds }),
    ...(instanceProfile === undefined ? {} : { instanceProfile }),
  };
  return {
    own: Object.keys(placement).length === 0 ? {} : { placement },
    notes: [
      ...noteIf(
        subnetId !== undefined,
        'infrastructureConfiguration.subnetId',
        `${subnetId} is kept for builds and tests. Unless it is in the VPC of the stack, name its VPC in the parameter OtherVpcs.`,
      ),
      ...noteIf(
        instanceProfile !== undefined,
        'infrastructureConfiguration.instanceProfileName',
        `${instanceProfile} is kept for builds and tests. Name its role in the parameter InstanceRoles of the stack.`,
      ),
    ],
  };
}

/** How instances ask for their metadata. */
export function importMetadata({ infrastructure }: FoundPipeline): {
  readonly build: Pick<Build, 'metadata'>;
  readonly tests: Pick<Tests, 'metadata'>;
  readonly notes: Note[];
} {
  const { httpTokens, httpPutResponseHopLimit: hopLimit } = infrastructure?.instanceMetadataOptions ?? {};
  const hops = hopLimit === undefined ? {} : { hopLimit };
  const metadata = { ...(httpTokens === 'optional' ? { httpTokens: 'optional' as const } : {}), ...hops };
  return {
    build: Object.keys(metadata).length === 0 ? {} : { metadata },
    tests: hopLimit === undefined ? {} : { metadata: hops },
    notes: noteIf(
      httpTokens === 'optional',
      'infrastructureConfiguration.instanceMetadataOptions',
      'Test instances always ask for a token.',
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
